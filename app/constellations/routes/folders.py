"""`/structure` and `/folders`: the tree."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.operation import PAGE, json, message, ok
from app.apidocs.security import ACCOUNT
from app.auth.principal import identify
from app.constellations import schemas, shapes
from app.constellations.rights import NOT_A_MEMBER, Rights, require, require_folder, too_few
from app.constellations.services import files, folders
from app.errors import absent
from app.web.body import parse
from app.web.fields import missing, nothing_to_change
from app.web.identifiers import malformed, parse_uuid
from app.web.paging import BAD_PAGE, read_page

blueprint = Blueprint("folders", __name__)

MALFORMED, ABSENT = malformed("folder"), absent("Folder")
DELETED = "Folder deleted"


@blueprint.get("/structure/<constellation_uuid>")
@describe(
    summary="The whole tree, from the root down",
    description="Needs READ.",
    needs=(ACCOUNT,),
    answers={200: ok(shapes.FOLDER_NODE)},
    errors={400: malformed("constellation"), 403: NOT_A_MEMBER, 404: absent("Constellation")},
)
def show_structure(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.READ)
    return jsonify(folders.get_structure(uuid))


@blueprint.post("/folders")
@describe(
    summary="Make a folder",
    description="Needs WRITE. Publishes `folder.created`.",
    needs=(ACCOUNT,),
    body=json(schemas.NewFolder, example={"name": "Notes", "parent_folder_uuid": shapes.ROOT}),
    answers={201: ok(shapes.FOLDER)},
    errors={
        400: (missing("name"), folders.TOO_DEEP),
        403: (NOT_A_MEMBER, too_few(Rights.WRITE)),
        404: ABSENT,
    },
)
def create_folder() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(folders.create_folder(caller, **parse(schemas.NewFolder()))), 201


@blueprint.get("/folders/<folder_uuid>")
@describe(
    summary="A folder",
    description="Needs READ.",
    needs=(ACCOUNT,),
    answers={200: ok(shapes.FOLDER)},
    errors={400: MALFORMED, 403: NOT_A_MEMBER, 404: ABSENT},
)
def show_folder(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.READ)
    return jsonify(folders.get_folder(uuid))


@blueprint.patch("/folders/<folder_uuid>")
@describe(
    summary="Rename or move a folder",
    description="Needs WRITE. Publishes `folder.updated`.",
    needs=(ACCOUNT,),
    body=json(schemas.FolderChanges, rename={"name": "Notes"}, move={"parent_folder_uuid": shapes.ROOT}),
    answers={200: ok(shapes.FOLDER)},
    errors={
        400: (
            MALFORMED,
            nothing_to_change(schemas.FolderChanges),
            folders.UNDER_ITSELF,
            folders.ROOT_IS_FIXED,
            folders.ELSEWHERE,
            folders.TOO_DEEP,
        ),
        403: (NOT_A_MEMBER, too_few(Rights.WRITE)),
        404: (ABSENT, folders.NO_PARENT),
    },
)
def change_folder(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.WRITE)
    return jsonify(folders.change_folder(caller, uuid, parse(schemas.FolderChanges())))


@blueprint.delete("/folders/<folder_uuid>")
@describe(
    summary="Delete a folder with all that is in it",
    description="Needs WRITE. Publishes `folder.deleted`, for this folder alone.",
    needs=(ACCOUNT,),
    answers={200: message(DELETED)},
    errors={
        400: (MALFORMED, folders.ROOT_STAYS),
        403: (NOT_A_MEMBER, too_few(Rights.WRITE)),
        404: ABSENT,
    },
)
def delete_folder(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.WRITE)
    folders.delete_folder(caller, uuid)
    return jsonify(message=DELETED)


@blueprint.get("/folders/<folder_uuid>/files")
@describe(
    summary="The files in a folder",
    description="Needs READ.",
    needs=(ACCOUNT,),
    parameters=PAGE,
    answers={200: ok(shapes.FILES, "By name")},
    errors={400: (MALFORMED, BAD_PAGE), 403: NOT_A_MEMBER, 404: ABSENT},
)
def list_files(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.READ)
    return jsonify(files=files.list_in(uuid, read_page()))

"""`/files`."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.operation import json, message, ok
from app.apidocs.security import ACCOUNT
from app.auth.principal import identify
from app.constellations import schemas, shapes
from app.constellations.rights import NOT_A_MEMBER, Rights, require_file, too_few
from app.constellations.services import files
from app.constellations.services.folders import ELSEWHERE, NO_PARENT
from app.errors import absent
from app.web.body import parse
from app.web.fields import missing, nothing_to_change
from app.web.identifiers import malformed, parse_uuid

blueprint = Blueprint("files", __name__, url_prefix="/files")

MALFORMED, ABSENT = malformed("file"), absent("File")
DELETED = "File deleted"


@blueprint.post("")
@describe(
    summary="Make a text file",
    description="Needs WRITE. Publishes `file.created`.",
    needs=(ACCOUNT,),
    body=json(schemas.NewFile, example={"name": "plan.md", "content": "# Plan", "folder_uuid": shapes.ROOT}),
    answers={201: ok(shapes.FILE)},
    errors={400: missing("name"), 403: (NOT_A_MEMBER, too_few(Rights.WRITE)), 404: absent("Folder")},
)
def create_file() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(files.create(caller, **parse(schemas.NewFile()))), 201


@blueprint.get("/<file_uuid>")
@describe(
    summary="A file with its content",
    description="Needs READ.",
    needs=(ACCOUNT,),
    answers={200: ok(shapes.FILE)},
    errors={400: MALFORMED, 403: NOT_A_MEMBER, 404: ABSENT},
)
def show_file(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.READ)
    return jsonify(files.get(uuid))


@blueprint.patch("/<file_uuid>")
@describe(
    summary="Rename, rewrite or move a file",
    description="Needs WRITE. Publishes `file.updated`.",
    needs=(ACCOUNT,),
    body=json(schemas.FileChanges, rewrite={"content": "# The plan"}, move={"folder_uuid": shapes.NOTES}),
    answers={200: ok(shapes.FILE)},
    errors={
        400: (MALFORMED, nothing_to_change(schemas.FileChanges), ELSEWHERE),
        403: (NOT_A_MEMBER, too_few(Rights.WRITE)),
        404: (ABSENT, NO_PARENT),
    },
)
def change_file(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.WRITE)
    return jsonify(files.change(caller, uuid, parse(schemas.FileChanges())))


@blueprint.delete("/<file_uuid>")
@describe(
    summary="Delete a file with its comments",
    description="Needs WRITE. Publishes `file.deleted`.",
    needs=(ACCOUNT,),
    answers={200: message(DELETED)},
    errors={400: MALFORMED, 403: (NOT_A_MEMBER, too_few(Rights.WRITE)), 404: ABSENT},
)
def delete_file(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.WRITE)
    files.delete(caller, uuid)
    return jsonify(message=DELETED)

"""`/structure` and `/folders`: the tree."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.auth.principal import identify
from app.constellations import schemas
from app.constellations.rights import Rights, require, require_folder
from app.constellations.services import files, folders
from app.web.body import parse
from app.web.identifiers import parse_uuid
from app.web.paging import read_page

blueprint = Blueprint("folders", __name__)


@blueprint.get("/structure/<constellation_uuid>")
def show_structure(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.READ)
    return jsonify(folders.get_structure(uuid))


@blueprint.post("/folders")
def create_folder() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(folders.create_folder(caller, **parse(schemas.NewFolder()))), 201


@blueprint.get("/folders/<folder_uuid>")
def show_folder(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.READ)
    return jsonify(folders.get_folder(uuid))


@blueprint.patch("/folders/<folder_uuid>")
def change_folder(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.WRITE)
    return jsonify(folders.change_folder(caller, uuid, parse(schemas.FolderChanges())))


@blueprint.delete("/folders/<folder_uuid>")
def delete_folder(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.WRITE)
    folders.delete_folder(caller, uuid)
    return jsonify(message="Folder deleted")


@blueprint.get("/folders/<folder_uuid>/files")
def list_files(folder_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(folder_uuid, "folder")
    require_folder(caller, uuid, Rights.READ)
    return jsonify(files=files.list_in(uuid, read_page()))

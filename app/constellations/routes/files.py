"""`/files`."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.auth.principal import identify
from app.constellations import schemas
from app.constellations.rights import Rights, require_file
from app.constellations.services import files
from app.web.body import parse
from app.web.identifiers import parse_uuid

blueprint = Blueprint("files", __name__, url_prefix="/files")


@blueprint.post("")
def create_file() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(files.create(caller, **parse(schemas.NewFile()))), 201


@blueprint.get("/<file_uuid>")
def show_file(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.READ)
    return jsonify(files.get(uuid))


@blueprint.patch("/<file_uuid>")
def change_file(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.WRITE)
    return jsonify(files.change(caller, uuid, parse(schemas.FileChanges())))


@blueprint.delete("/<file_uuid>")
def delete_file(file_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(file_uuid, "file")
    require_file(caller, uuid, Rights.WRITE)
    files.delete(caller, uuid)
    return jsonify(message="File deleted")

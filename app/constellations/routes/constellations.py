"""`/constellations`: the workspaces themselves."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.auth.principal import identify
from app.body import parse
from app.constellations import schemas, service
from app.constellations.rights import Rights, require
from app.identifiers import parse_uuid
from app.paging import read_page

blueprint = Blueprint("constellations", __name__, url_prefix="/constellations")


@blueprint.get("")
def list_constellations() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(service.list_of(caller, read_page()))


@blueprint.post("")
def create_constellation() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(service.create(caller, **parse(schemas.NewConstellation()))), 201


@blueprint.get("/<constellation_uuid>")
def show_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    return jsonify(service.get(uuid, require(caller, uuid, Rights.READ)))


@blueprint.patch("/<constellation_uuid>")
def change_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.WRITE)
    return jsonify(service.change(caller, uuid, parse(schemas.ConstellationChanges())))


@blueprint.delete("/<constellation_uuid>")
def delete_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.ADMIN)
    service.delete(caller, uuid)
    return jsonify(message="Constellation deleted")

"""`/constellations`: the workspaces themselves."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.auth.principal import identify
from app.constellations import schemas
from app.constellations.rights import Rights, require
from app.constellations.services import constellations
from app.web.body import parse
from app.web.identifiers import parse_uuid
from app.web.paging import read_page

blueprint = Blueprint("constellations", __name__, url_prefix="/constellations")


@blueprint.get("")
def list_constellations() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(constellations.list_of(caller, read_page()))


@blueprint.post("")
def create_constellation() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(constellations.create(caller, **parse(schemas.NewConstellation()))), 201


@blueprint.get("/<constellation_uuid>")
def show_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    return jsonify(constellations.get(uuid, require(caller, uuid, Rights.READ)))


@blueprint.patch("/<constellation_uuid>")
def change_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.WRITE)
    return jsonify(constellations.change(caller, uuid, parse(schemas.ConstellationChanges())))


@blueprint.delete("/<constellation_uuid>")
def delete_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.ADMIN)
    constellations.delete(caller, uuid)
    return jsonify(message="Constellation deleted")

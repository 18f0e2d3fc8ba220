"""`/constellations`: the workspaces themselves."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.json_schema import array
from app.apidocs.operation import PAGE, json, message, ok
from app.apidocs.security import ACCOUNT
from app.auth.principal import identify
from app.constellations import schemas, shapes
from app.constellations.rights import NOT_A_MEMBER, Rights, require, too_few
from app.constellations.services import constellations
from app.errors import absent
from app.web.body import parse
from app.web.fields import missing, nothing_to_change
from app.web.identifiers import malformed, parse_uuid
from app.web.paging import BAD_PAGE, read_page

blueprint = Blueprint("constellations", __name__, url_prefix="/constellations")

MALFORMED, ABSENT = malformed("constellation"), absent("Constellation")
DELETED = "Constellation deleted"


@blueprint.get("")
@describe(
    summary="The caller's own constellations",
    needs=(ACCOUNT,),
    parameters=PAGE,
    answers={200: ok(array(shapes.LISTED_CONSTELLATION), "Oldest first")},
    errors={400: BAD_PAGE},
)
def list_constellations() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(constellations.list_of(caller, read_page()))


@blueprint.post("")
@describe(
    summary="Make a constellation; the caller is its ADMIN",
    needs=(ACCOUNT,),
    body=json(schemas.NewConstellation, example={"name": "Orion", "description": "Shared notes"}),
    answers={201: ok(shapes.CONSTELLATION, "With a root folder")},
    errors={400: missing("name")},
)
def create_constellation() -> ResponseReturnValue:
    caller = identify().uuid
    return jsonify(constellations.create(caller, **parse(schemas.NewConstellation()))), 201


@blueprint.get("/<constellation_uuid>")
@describe(
    summary="A constellation",
    description="Needs READ.",
    needs=(ACCOUNT,),
    answers={200: ok(shapes.CONSTELLATION)},
    errors={400: MALFORMED, 403: NOT_A_MEMBER, 404: ABSENT},
)
def show_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    return jsonify(constellations.get(uuid, require(caller, uuid, Rights.READ)))


@blueprint.patch("/<constellation_uuid>")
@describe(
    summary="Rename or describe it",
    description="Needs WRITE. Publishes `constellation.updated`.",
    needs=(ACCOUNT,),
    body=json(schemas.ConstellationChanges, example={"description": "Shared notes, and plans"}),
    answers={200: ok(shapes.CONSTELLATION)},
    errors={
        400: (MALFORMED, nothing_to_change(schemas.ConstellationChanges)),
        403: (NOT_A_MEMBER, too_few(Rights.WRITE)),
        404: ABSENT,
    },
)
def change_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.WRITE)
    return jsonify(constellations.change(caller, uuid, parse(schemas.ConstellationChanges())))


@blueprint.delete("/<constellation_uuid>")
@describe(
    summary="Delete it with all that is in it",
    description="Needs ADMIN. Publishes `constellation.deleted`; its streams end (`deleted`).",
    needs=(ACCOUNT,),
    answers={200: message(DELETED)},
    errors={400: MALFORMED, 403: (NOT_A_MEMBER, too_few(Rights.WRITE)), 404: ABSENT},
)
def delete_constellation(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.ADMIN)
    constellations.delete(caller, uuid)
    return jsonify(message=DELETED)

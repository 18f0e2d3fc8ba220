"""`/constellations/{id}/connect`, `/disconnect` and `/users`: who belongs to a constellation."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth.principal import identify
from app.constellations import schemas
from app.constellations.rights import Rights, require
from app.constellations.services import members
from app.web.body import load, read_optional_object
from app.web.identifiers import parse_uuid
from app.web.paging import read_page

blueprint = Blueprint("members", __name__, url_prefix="/constellations/<constellation_uuid>")


@blueprint.get("/users")
def list_users(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.READ)
    return jsonify(members.list_in(uuid, read_page()))


@blueprint.post("/connect")
def connect_user(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.ADMIN)
    members.connect(caller, uuid, **load(schemas.MemberConnection(), _read_options("user_uuid_to_connect")))
    return jsonify(message="User connected to constellation")


@blueprint.post("/disconnect")
def disconnect_user(constellation_uuid: str) -> ResponseReturnValue:
    """What the caller needs depends on whom the body names."""
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    rights = require(caller, uuid, Rights.READ)
    user_uuid = load(schemas.MemberDisconnection(), _read_options("user_uuid_to_disconnect"))["user_uuid"]
    members.require_may_remove(caller, rights, user_uuid)
    members.disconnect(caller, uuid, user_uuid)
    return jsonify(message="User disconnected from constellation")


def _read_options(alias: str) -> dict[str, Any]:
    """The options of the query and of the JSON body, which may be missing; where both speak, the body wins.

    `alias` is another name of `user_uuid`. Raises Invalid.
    """
    body = read_optional_object()
    return {**_named(request.args.to_dict(), alias), **_named(body, alias)}


def _named(options: dict[str, Any], alias: str) -> dict[str, Any]:
    return {"user_uuid": options[alias], **options} if alias in options else options

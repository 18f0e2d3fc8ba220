"""`/constellations/{id}/connect`, `/disconnect` and `/users`: the members of a constellation."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.json_schema import array, one_of, uuid
from app.apidocs.operation import PAGE, Parameter, json, message, ok, query
from app.apidocs.security import ACCOUNT
from app.auth.principal import identify
from app.constellations import schemas, shapes
from app.constellations.rights import NOT_A_MEMBER, Rights, require, too_few
from app.constellations.services import members
from app.errors import absent
from app.web.body import load, read_optional_object
from app.web.fields import complaint, missing
from app.web.identifiers import malformed, parse_uuid
from app.web.paging import BAD_PAGE, read_page

blueprint = Blueprint("members", __name__, url_prefix="/constellations/<constellation_uuid>")

MALFORMED, ABSENT = malformed("constellation"), absent("Constellation")
CONNECTED = "User connected to constellation"
DISCONNECTED = "User disconnected from constellation"


def _named_in_query(alias: str) -> tuple[Parameter, ...]:
    same = "As in the body, which wins"
    return (
        query("user_uuid", uuid(shapes.BOB), same),
        query(alias, uuid(shapes.BOB), "The same as `user_uuid`"),
    )


@blueprint.get("/users")
@describe(
    summary="The members",
    description="Needs READ.",
    needs=(ACCOUNT,),
    parameters=PAGE,
    answers={200: ok(array(shapes.LISTED_MEMBER), "By name")},
    errors={400: (MALFORMED, BAD_PAGE), 403: NOT_A_MEMBER, 404: ABSENT},
)
def list_users(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.READ)
    return jsonify(members.list_in(uuid, read_page()))


@blueprint.post("/connect")
@describe(
    summary="Make somebody a member, or change a member's rights",
    description="Needs ADMIN. Publishes `member.connected` or `member.changed`. Body and query may both"
    " name the user; `user_uuid_to_connect` is another name of `user_uuid`; rights in any case.",
    needs=(ACCOUNT,),
    parameters=(
        *_named_in_query("user_uuid_to_connect"),
        query("rights", one_of("READ", "COMMENT", "WRITE", "ADMIN"), "As in the body, which wins"),
    ),
    body=json(
        schemas.MemberConnection, is_required=False, example={"user_uuid": shapes.BOB, "rights": "WRITE"}
    ),
    answers={200: message(CONNECTED)},
    errors={
        400: (
            MALFORMED,
            missing("user_uuid"),
            complaint("rights", schemas.UNKNOWN_RIGHTS),
            members.LAST_ADMIN,
        ),
        403: (NOT_A_MEMBER, too_few(Rights.WRITE)),
        404: (ABSENT, absent("User")),
    },
)
def connect_user(constellation_uuid: str) -> ResponseReturnValue:
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    require(caller, uuid, Rights.ADMIN)
    members.connect(caller, uuid, **load(schemas.MemberConnection(), _read_options("user_uuid_to_connect")))
    return jsonify(message=CONNECTED)


@blueprint.post("/disconnect")
@describe(
    summary="Remove a member, or oneself",
    description="Needs ADMIN for anybody else. Publishes `member.disconnected`; the member's streams end"
    " (`rights_revoked`). `user_uuid_to_disconnect` is another name of `user_uuid`.",
    needs=(ACCOUNT,),
    parameters=_named_in_query("user_uuid_to_disconnect"),
    body=json(schemas.MemberDisconnection, is_required=False, example={"user_uuid": shapes.BOB}),
    answers={200: message(DISCONNECTED)},
    errors={
        400: (MALFORMED, missing("user_uuid"), members.LAST_ADMIN),
        403: (too_few(Rights.ADMIN), NOT_A_MEMBER),
        404: (ABSENT, NOT_A_MEMBER),
    },
)
def disconnect_user(constellation_uuid: str) -> ResponseReturnValue:
    """The rights that the caller needs depend on the user that the body names."""
    caller, uuid = identify().uuid, parse_uuid(constellation_uuid, "constellation")
    rights = require(caller, uuid, Rights.READ)
    user_uuid = load(schemas.MemberDisconnection(), _read_options("user_uuid_to_disconnect"))["user_uuid"]
    members.require_may_remove(caller, rights, user_uuid)
    members.disconnect(caller, uuid, user_uuid)
    return jsonify(message=DISCONNECTED)


def _read_options(alias: str) -> dict[str, Any]:
    """The options of the query and of the JSON body, which may be missing; the body's win.

    `alias` is another name of `user_uuid`. Raises Invalid.
    """
    body = read_optional_object()
    return {**_resolve_alias(request.args.to_dict(), alias), **_resolve_alias(body, alias)}


def _resolve_alias(options: dict[str, Any], alias: str) -> dict[str, Any]:
    return {"user_uuid": options[alias], **options} if alias in options else options

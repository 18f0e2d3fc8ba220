"""`/constellations/{constellation_uuid}/connect`, `/disconnect`, `/users`."""

from app.apidocs.json_schema import array, one_of, uuid
from app.apidocs.operation import PAGE, Operation, Operations, Parameter, json, message, ok, query
from app.apidocs.security import ACCOUNT
from app.constellations import schemas
from app.constellations.openapi.constellations import ABSENT, MALFORMED
from app.constellations.openapi.objects import BAD_PAGE, BOB, MEMBER, NO_RIGHTS, STRANGER

LAST_ADMIN = "The last ADMIN of a constellation can't be removed or lowered"
NOBODY = "user_uuid: Missing data for required field."


def named(alias: str) -> tuple[Parameter, ...]:
    """The user may stand in the body or in the query, which may both be missing: the other one decides."""
    same = "As in the body, which wins"
    return (query("user_uuid", uuid(BOB), same), query(alias, uuid(BOB), "The same as `user_uuid`"))


OPERATIONS: Operations = {
    "members.list_users": Operation(
        summary="The members",
        description="Needs READ.",
        needs=(ACCOUNT,),
        parameters=PAGE,
        answers={200: ok(array(MEMBER), "By name")},
        errors={400: (MALFORMED, BAD_PAGE), 403: STRANGER, 404: ABSENT},
    ),
    "members.connect_user": Operation(
        summary="Make somebody a member, or change a member's rights",
        description="Needs ADMIN. Publishes `member.connected` or `member.changed`. Body and query may both"
        " name the user; `user_uuid_to_connect` is another name of `user_uuid`; rights in any case.",
        needs=(ACCOUNT,),
        parameters=(
            *named("user_uuid_to_connect"),
            query("rights", one_of("READ", "COMMENT", "WRITE", "ADMIN"), "As in the body, which wins"),
        ),
        body=json(schemas.MemberConnection, is_required=False, example={"user_uuid": BOB, "rights": "WRITE"}),
        answers={200: message("User connected to constellation")},
        errors={
            400: (MALFORMED, NOBODY, "rights: Must be one of READ, COMMENT, WRITE, ADMIN.", LAST_ADMIN),
            403: NO_RIGHTS,
            404: (ABSENT, "User not found"),
        },
    ),
    "members.disconnect_user": Operation(
        summary="Remove a member, or oneself",
        description="Needs ADMIN for anybody else. Publishes `member.disconnected`; the member's streams end"
        " (`rights_revoked`). `user_uuid_to_disconnect` is another name of `user_uuid`.",
        needs=(ACCOUNT,),
        parameters=named("user_uuid_to_disconnect"),
        body=json(schemas.MemberDisconnection, is_required=False, example={"user_uuid": BOB}),
        answers={200: message("User disconnected from constellation")},
        errors={
            400: (MALFORMED, NOBODY, LAST_ADMIN),
            403: ("Needs ADMIN rights in this constellation", STRANGER),
            404: (ABSENT, "Not a member of this constellation"),
        },
    ),
}

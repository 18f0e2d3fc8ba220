"""Messages that wait for their recipients until they are acknowledged.

Recipients (users) are named by the calling application, and need not exist before they are written to. A
field that is wrong stands in `detail` with the reason.
"""

from typing import Any

from app.apidocs.errors import ENVELOPE, refusal
from app.apidocs.json_schema import Object, array, exactly, nullable, one_of, text, time, truth, uuid, whole
from app.apidocs.operation import PAGE, ApiResponse, Operation, Operations, Parameter, json, ok, query, stream
from app.apidocs.security import ACCOUNT, ANYBODY, COOKIE, SERVICE, SUBSCRIBER, TICKET, TOKEN
from app.notifications import schemas
from app.notifications.parsing import KEY_LENGTH

TITLE = "Notifications"

DORA, MESSAGE_ID = "dora", "019369f1-6a3e-7c4d-8b5f-0a1b2c3d4e5f"
BACK_END = (SERVICE, ACCOUNT, COOKIE)
BY_WHOM = "By a back end, or by an operator's account."
NO_USER, NO_GROUP = "User not found", "Group not found"
REFUSED = ("Missing credentials", "Invalid token")
FOREIGN = "Origin not allowed"

DETAIL = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "What is wrong, by field; `body` is the body as a whole",
    "examples": [{"user_id": "Missing data for required field."}],
}
FIELD_ERRORS = Object("FieldErrors", {**ENVELOPE, "detail": DETAIL}, optional=frozenset({"detail"}))
RECIPIENT = Object("Recipient", {"id": whole(7), "external_id": text(DORA), "created_at": time()})
RECIPIENT_IN_GROUPS = Object(
    "RecipientInGroups",
    {"id": whole(7), "external_id": text(DORA), "groups": array(text("customers")), "created_at": time()},
)
GROUP = Object("Group", {"id": whole(3), "name": text("customers"), "members": whole(1, "How many")})
GROUP_OF_USERS = Object(
    "GroupOfUsers", {"id": whole(3), "name": text("customers"), "users": array(text(DORA))}
)
MESSAGE = Object(
    "StoredMessage",
    {
        "id": uuid(MESSAGE_ID),
        "payload": text("Your parcel is on its way"),
        "read": truth(False),
        "created_at": time(),
        "read_at": nullable(time()),
    },
)
SENT = Object("Sent", {"id": uuid(MESSAGE_ID), "recipients": whole(2, "How many get it")})
ACKNOWLEDGED = Object("Acknowledged", {"acknowledged": whole(1, "How many were not yet")})
DONE = ApiResponse(description="Done")


def token(name: str, seconds: int) -> Object:
    example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmF0dXJl"
    said = {"access_token": text(example), "type": exactly("Bearer"), "expires_in": whole(seconds, "Seconds")}
    return Object(name, said)


def listing(name: str, item: Object) -> Object:
    """Without `page`, everything is on the first one."""
    parts: dict[str, Any] = {"list": array(item), "page": whole(1), "per_page": whole(50), "total": whole(1)}
    return Object(name, parts)


def invalid(field: str, problem: str, *others: str) -> ApiResponse:
    """400, with the example of a field that is wrong and of other sentences."""
    found = dict(refusal(400, "Validation error", schema=FIELD_ERRORS, detail={field: problem}).examples)
    if others:
        found |= refusal(400, *others).examples
    return ApiResponse(description="Validation error", schema=FIELD_ERRORS, examples=found)


BAD_PAGE = invalid("page", "Must be a whole number from 1 to 1000000000.")
BAD_USER = invalid("user_id", "Must not contain control characters.")
BAD_GROUP = invalid("group", "Must not contain control characters.")
MISSING = "Missing data for required field."

OPERATIONS: Operations = {
    "notifications.create_token": Operation(
        summary="A service token for a client's id and secret",
        body=json(schemas.Credentials, example={"client_id": "client-1f2e3d", "client_secret": "its secret"}),
        answers={200: ok(token("ServiceToken", 300))},
        errors={400: invalid("client_id", MISSING, "Invalid client credentials")},
        is_limited=True,
    ),
    "notifications.notify": Operation(
        summary="Send a message to users and groups",
        description=f"{BY_WHOM} It is stored, and sent until it is acknowledged. Unknown users are made,"
        " unknown groups ignored; a group is who is a member now.",
        needs=BACK_END,
        parameters=(
            Parameter(
                name="Idempotency-Key",
                schema=text("order-4711", minLength=1, maxLength=KEY_LENGTH, pattern=r"^[\x20-\x7e]+$"),
                place="header",
                description="The same call with the same key within 24 hours is only answered again",
            ),
        ),
        body=json(
            schemas.Notice,
            example={"users": [DORA], "groups": ["customers"], "payload": "Your parcel is on its way"},
        ),
        answers={202: ok(SENT, "Stored", some_headers={"Idempotent-Replayed": exactly("true")})},
        errors={
            400: invalid("payload", MISSING, "Destiny is required"),
            401: REFUSED,
            403: FOREIGN,
            409: "This Idempotency-Key came with another body before",
        },
        is_limited=True,
    ),
    "notifications.acknowledge": Operation(
        summary="Mark messages as read",
        description="By a recipient for itself, or by a back end, which names the user. Unknown ids"
        " are ignored.",
        needs=(SUBSCRIBER, *BACK_END),
        body=json(
            {"anyOf": [schemas.Acknowledgement, schemas.OwnAcknowledgement]},
            by_back_end={"user_id": DORA, "message_ids": [MESSAGE_ID]},
            by_recipient={"message_ids": [MESSAGE_ID]},
        ),
        answers={202: ok(ACKNOWLEDGED)},
        errors={400: invalid("message_ids", MISSING), 401: REFUSED, 403: FOREIGN},
    ),
    "notifications.list_users": Operation(
        summary="The users",
        description=BY_WHOM,
        needs=BACK_END,
        parameters=PAGE,
        answers={200: ok(listing("Recipients", RECIPIENT), "Oldest first")},
        errors={400: BAD_PAGE, 401: REFUSED},
    ),
    "notifications.create_user": Operation(
        summary="Make a user, or add one to groups",
        description=f"{BY_WHOM} Groups that do not exist are made.",
        needs=BACK_END,
        body=json(schemas.NewRecipient, example={"user_id": DORA, "groups": ["customers"]}),
        answers={201: ok(RECIPIENT_IN_GROUPS, "Made"), 200: ok(RECIPIENT_IN_GROUPS, "Was there already")},
        errors={400: invalid("user_id", MISSING), 401: REFUSED, 403: FOREIGN},
    ),
    "notifications.delete_user": Operation(
        summary="Delete a user with its messages",
        description=f"{BY_WHOM} Its tokens are revoked and its streams end (`deleted`).",
        needs=BACK_END,
        answers={204: DONE},
        errors={400: BAD_USER, 401: REFUSED, 403: FOREIGN, 404: NO_USER},
    ),
    "notifications.create_user_token": Operation(
        summary="A token with which a user reads its inbox",
        description=f"{BY_WHOM} Also for a user that does not exist yet.",
        needs=BACK_END,
        answers={200: ok(token("SubscriberToken", 3600))},
        errors={400: BAD_USER, 401: REFUSED},
    ),
    "notifications.list_messages": Operation(
        summary="A user's inbox",
        description=BY_WHOM,
        needs=BACK_END,
        parameters=(query("state", one_of("unread", "all"), "unread by default"), *PAGE),
        answers={200: ok(listing("StoredMessages", MESSAGE), "Oldest first")},
        errors={400: invalid("state", "Must be one of: unread, all."), 401: REFUSED, 404: NO_USER},
    ),
    "notifications.list_groups": Operation(
        summary="The groups",
        description=BY_WHOM,
        needs=BACK_END,
        parameters=PAGE,
        answers={200: ok(listing("Groups", GROUP), "Oldest first")},
        errors={400: BAD_PAGE, 401: REFUSED},
    ),
    "notifications.create_group": Operation(
        summary="Make a group, or add users to one",
        description=f"{BY_WHOM} Users that do not exist are made.",
        needs=BACK_END,
        body=json(schemas.NewGroup, example={"name": "customers", "users": [DORA]}),
        answers={201: ok(GROUP_OF_USERS, "Made"), 200: ok(GROUP_OF_USERS, "Was there already")},
        errors={400: invalid("name", "Must not be digits only."), 401: REFUSED, 403: FOREIGN},
    ),
    "notifications.delete_group": Operation(
        summary="Delete a group, by id or name",
        description=f"{BY_WHOM} Messages that were sent to it stay with who got them.",
        needs=BACK_END,
        answers={204: DONE},
        errors={400: BAD_GROUP, 401: REFUSED, 403: FOREIGN, 404: NO_GROUP},
    ),
    "notifications.add_member": Operation(
        summary="Add a user to a group",
        description=BY_WHOM,
        needs=BACK_END,
        answers={204: DONE},
        errors={400: BAD_GROUP, 401: REFUSED, 403: FOREIGN, 404: (NO_GROUP, NO_USER)},
    ),
    "notifications.remove_member": Operation(
        summary="Take a user out of a group",
        description=BY_WHOM,
        needs=BACK_END,
        answers={204: DONE},
        errors={
            400: BAD_GROUP,
            401: REFUSED,
            403: FOREIGN,
            404: (NO_GROUP, NO_USER, "User is not a member of this group"),
        },
    ),
    "inbox.stream": Operation(
        summary="A user's messages, live",
        description="Every unacknowledged message, oldest first, then what comes; the same at every"
        " reconnect. Where the gateway is open (`GATEWAY_AUTH`), `user_id` is enough. Bad"
        " credentials are 400 here.",
        needs=(SUBSCRIBER, TICKET, TOKEN, ANYBODY),
        parameters=(query("user_id", text(DORA), "Only where the gateway is open"),),
        answers={
            200: stream(
                "The stream",
                f'retry: 2576\n: welcome\n\nid: {MESSAGE_ID}\ndata: {{"id":"{MESSAGE_ID}",'
                '"payload":"Your parcel is on its way","read":false}\n\n',
            )
        },
        errors={400: invalid("user_id", "Must not contain control characters.", *REFUSED)},
        unauthorized=400,
    ),
}

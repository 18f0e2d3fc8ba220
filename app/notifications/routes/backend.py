"""`/api/…` of notifications, for back ends. Paths name users by their external id."""

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.json_schema import exactly, one_of, text
from app.apidocs.operation import PAGE, ApiResponse, Parameter, json, ok, query
from app.apidocs.security import ACCOUNT, COOKIE, SERVICE, SUBSCRIBER
from app.auth import clients, subscribers, tokens
from app.auth.clients import identify_back_end
from app.auth.credentials import MissingCredentials
from app.auth.principal import FOREIGN_ORIGIN
from app.errors import Unauthorized
from app.notifications import groups, messages, recipients, schemas, shapes
from app.notifications.lists import listing_of
from app.notifications.messages import Notification
from app.notifications.parsing import (
    KEY_LENGTH,
    check_name,
    not_one_of,
    parse,
    read_choice,
    read_idempotency_key,
    read_page,
    refused,
    split,
)
from app.notifications.shapes import DORA
from app.web import paging
from app.web.fields import CONTROL_CHARACTERS, REQUIRED
from app.web.limits import forgive, limit

blueprint = Blueprint("notifications", __name__, url_prefix="/api")

BACK_END = (SERVICE, ACCOUNT, COOKIE)
WHO_MAY = "By a back end, or by an operator's account."
STATES = ("unread", "all")
IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    schema=text("order-4711", minLength=1, maxLength=KEY_LENGTH, pattern=r"^[\x20-\x7e]+$"),
    place="header",
    description="The same call with the same key within 24 hours is only answered again",
)
DONE = ApiResponse(description="Done")
BAD_TOKEN = (MissingCredentials.message, tokens.INVALID)
BAD_PAGE = refused(*split(paging.BAD_PAGE))
BAD_USER, BAD_GROUP = refused("user_id", CONTROL_CHARACTERS), refused("group", CONTROL_CHARACTERS)


@blueprint.post("/auth/token")
@describe(
    summary="A service token for a client's id and secret",
    body=json(schemas.Credentials, example={"client_id": "client-1f2e3d", "client_secret": "its secret"}),
    answers={200: ok(shapes.SERVICE_TOKEN)},
    errors={400: refused("client_id", REQUIRED, clients.INVALID_CLIENT)},
    is_limited=True,
)
def create_token() -> ResponseReturnValue:
    """Only attempts that fail count towards the limit."""
    form = parse(schemas.Credentials())
    key = f"{request.remote_addr} {form['client_id']}"
    limit("CREDENTIALS", key)
    token = clients.issue_token(form["client_id"], form["client_secret"])
    forgive("CREDENTIALS", key)
    return jsonify(shapes.bearer(token, clients.TOKEN_SECONDS))


# Messages


@blueprint.post("/message/notify")
@describe(
    summary="Send a message to users and groups",
    description=f"{WHO_MAY} It is stored, and sent until it is acknowledged. Unknown users are made,"
    " unknown groups ignored; a group is who is a member now.",
    needs=BACK_END,
    parameters=(IDEMPOTENCY_KEY,),
    body=json(
        schemas.Notice, example={"users": [DORA], "groups": [shapes.CUSTOMERS], "payload": shapes.PAYLOAD}
    ),
    answers={202: ok(shapes.SENT, "Stored", some_headers={"Idempotent-Replayed": exactly("true")})},
    errors={
        400: refused("payload", REQUIRED, messages.NO_TARGET),
        401: BAD_TOKEN,
        403: FOREIGN_ORIGIN,
        409: messages.KEY_REUSED,
    },
    is_limited=True,
)
def notify() -> ResponseReturnValue:
    caller = identify_back_end()
    limit("PUBLISH", caller.token_id)
    key = read_idempotency_key()
    sent = messages.send(Notification(caller.id, **parse(schemas.Notice()), key=key))
    replayed = {"Idempotent-Replayed": "true"} if sent.is_replayed else {}
    return jsonify(shapes.sent(sent.id, sent.total)), 202, replayed


@blueprint.post("/message/acknowledge")
@describe(
    summary="Mark messages as read",
    description="By a recipient for itself, or by a back end, which names the user. Unknown ids are ignored.",
    needs=(SUBSCRIBER, *BACK_END),
    body=json(
        {"anyOf": [schemas.Acknowledgement, schemas.OwnAcknowledgement]},
        by_back_end={"user_id": DORA, "message_ids": [shapes.MESSAGE_ID]},
        by_recipient={"message_ids": [shapes.MESSAGE_ID]},
    ),
    answers={202: ok(shapes.ACKNOWLEDGED)},
    errors={400: refused("message_ids", REQUIRED), 401: BAD_TOKEN, 403: FOREIGN_ORIGIN},
)
def acknowledge() -> ResponseReturnValue:
    """By a recipient for itself, or by a back end for any recipient."""
    try:
        user_id = subscribers.identify_subscriber().external_id
        form = parse(schemas.OwnAcknowledgement())
    except Unauthorized:
        identify_back_end()
        form = parse(schemas.Acknowledgement())
        user_id = form["user_id"]
    return jsonify(shapes.acknowledged(messages.acknowledge(user_id, form["message_ids"]))), 202


# Users


@blueprint.get("/user")
@describe(
    summary="The users",
    description=WHO_MAY,
    needs=BACK_END,
    parameters=PAGE,
    answers={200: ok(listing_of("Recipients", shapes.RECIPIENT), "Oldest first")},
    errors={400: BAD_PAGE, 401: BAD_TOKEN},
)
def list_users() -> ResponseReturnValue:
    identify_back_end()
    return jsonify(recipients.list_all(read_page()))


@blueprint.post("/user")
@describe(
    summary="Make a user, or add one to groups",
    description=f"{WHO_MAY} Groups that do not exist are made.",
    needs=BACK_END,
    body=json(schemas.NewRecipient, example={"user_id": DORA, "groups": [shapes.CUSTOMERS]}),
    answers={
        201: ok(shapes.RECIPIENT_IN_GROUPS, "Made"),
        200: ok(shapes.RECIPIENT_IN_GROUPS, "Was there already"),
    },
    errors={400: refused("user_id", REQUIRED), 401: BAD_TOKEN, 403: FOREIGN_ORIGIN},
)
def create_user() -> ResponseReturnValue:
    identify_back_end()
    form = parse(schemas.NewRecipient())
    shown, is_new = recipients.create(form["user_id"], form["groups"])
    return jsonify(shown), 201 if is_new else 200


@blueprint.delete("/user/<path:user_id>")
@describe(
    summary="Delete a user with its messages",
    description=f"{WHO_MAY} Its tokens are revoked and its streams end (`deleted`).",
    needs=BACK_END,
    answers={204: DONE},
    errors={400: BAD_USER, 401: BAD_TOKEN, 403: FOREIGN_ORIGIN, 404: recipients.NO_USER},
)
def delete_user(user_id: str) -> ResponseReturnValue:
    back_end = identify_back_end()
    recipients.remove(check_name("user_id", user_id), back_end.id)
    return "", 204


@blueprint.get("/user/<path:user_id>/token")
@describe(
    summary="A token with which a user reads its inbox",
    description=f"{WHO_MAY} Also for a user that does not exist yet.",
    needs=BACK_END,
    answers={200: ok(shapes.SUBSCRIBER_TOKEN)},
    errors={400: BAD_USER, 401: BAD_TOKEN},
)
def create_user_token(user_id: str) -> ResponseReturnValue:
    back_end = identify_back_end()
    token = subscribers.issue_token(check_name("user_id", user_id), back_end.id)
    return jsonify(shapes.bearer(token, current_app.config["SUBSCRIBER_TOKEN_SECONDS"]))


@blueprint.get("/user/<path:user_id>/messages")
@describe(
    summary="A user's inbox",
    description=WHO_MAY,
    needs=BACK_END,
    parameters=(query("state", one_of(*STATES), "unread by default"), *PAGE),
    answers={200: ok(listing_of("StoredMessages", shapes.MESSAGE), "Oldest first")},
    errors={400: refused("state", not_one_of(*STATES)), 401: BAD_TOKEN, 404: recipients.NO_USER},
)
def list_messages(user_id: str) -> ResponseReturnValue:
    identify_back_end()
    recipient_id = recipients.find(check_name("user_id", user_id))
    is_all = read_choice("state", *STATES) == "all"
    return jsonify(messages.list_inbox(recipient_id, is_all, read_page()))


# Groups


@blueprint.get("/group")
@describe(
    summary="The groups",
    description=WHO_MAY,
    needs=BACK_END,
    parameters=PAGE,
    answers={200: ok(listing_of("Groups", shapes.GROUP), "Oldest first")},
    errors={400: BAD_PAGE, 401: BAD_TOKEN},
)
def list_groups() -> ResponseReturnValue:
    identify_back_end()
    return jsonify(groups.list_all(read_page()))


@blueprint.post("/group")
@describe(
    summary="Make a group, or add users to one",
    description=f"{WHO_MAY} Users that do not exist are made.",
    needs=BACK_END,
    body=json(schemas.NewGroup, example={"name": shapes.CUSTOMERS, "users": [DORA]}),
    answers={201: ok(shapes.GROUP_OF_USERS, "Made"), 200: ok(shapes.GROUP_OF_USERS, "Was there already")},
    errors={400: refused("name", schemas.DIGITS_ONLY), 401: BAD_TOKEN, 403: FOREIGN_ORIGIN},
)
def create_group() -> ResponseReturnValue:
    identify_back_end()
    form = parse(schemas.NewGroup())
    shown, is_new = groups.create(form["name"], form["users"])
    return jsonify(shown), 201 if is_new else 200


@blueprint.delete("/group/<path:group>")
@describe(
    summary="Delete a group, by id or name",
    description=f"{WHO_MAY} Messages that were sent to it stay with who got them.",
    needs=BACK_END,
    answers={204: DONE},
    errors={400: BAD_GROUP, 401: BAD_TOKEN, 403: FOREIGN_ORIGIN, 404: groups.NO_GROUP},
)
def delete_group(group: str) -> ResponseReturnValue:
    identify_back_end()
    groups.remove(check_name("group", group))
    return "", 204


@blueprint.put("/group/<path:group>/user/<path:user_id>")
@describe(
    summary="Add a user to a group",
    description=WHO_MAY,
    needs=BACK_END,
    answers={204: DONE},
    errors={400: BAD_GROUP, 401: BAD_TOKEN, 403: FOREIGN_ORIGIN, 404: (groups.NO_GROUP, recipients.NO_USER)},
)
def add_member(group: str, user_id: str) -> ResponseReturnValue:
    identify_back_end()
    groups.add_member(check_name("group", group), check_name("user_id", user_id))
    return "", 204


@blueprint.delete("/group/<path:group>/user/<path:user_id>")
@describe(
    summary="Take a user out of a group",
    description=WHO_MAY,
    needs=BACK_END,
    answers={204: DONE},
    errors={
        400: BAD_GROUP,
        401: BAD_TOKEN,
        403: FOREIGN_ORIGIN,
        404: (groups.NO_GROUP, recipients.NO_USER, groups.NOT_A_MEMBER),
    },
)
def remove_member(group: str, user_id: str) -> ResponseReturnValue:
    identify_back_end()
    groups.remove_member(check_name("group", group), check_name("user_id", user_id))
    return "", 204

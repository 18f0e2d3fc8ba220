"""`/api/…` of the notification hub: what back ends call. Paths name users by their external id."""

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth import clients, subscribers
from app.auth.clients import identify_back_end
from app.errors import Unauthorized
from app.notifications import groups, messages, recipients, schemas
from app.notifications.messages import Notification
from app.notifications.parsing import check_name, parse, read_choice, read_idempotency_key, read_page
from app.web.limits import forgive, limit

blueprint = Blueprint("notifications", __name__, url_prefix="/api")


@blueprint.post("/auth/token")
def create_token() -> ResponseReturnValue:
    """Only attempts that fail count towards the limit."""
    form = parse(schemas.Credentials())
    key = f"{request.remote_addr} {form['client_id']}"
    limit("CREDENTIALS", key)
    token = clients.issue_token(form["client_id"], form["client_secret"])
    forgive("CREDENTIALS", key)
    return jsonify(access_token=token, type="Bearer", expires_in=clients.TOKEN_SECONDS)


# Messages


@blueprint.post("/message/notify")
def notify() -> ResponseReturnValue:
    caller = identify_back_end()
    limit("PUBLISH", caller.token_id)
    key = read_idempotency_key()
    sent = messages.send(Notification(caller.id, **parse(schemas.Notice()), key=key))
    replayed = {"Idempotent-Replayed": "true"} if sent.is_replayed else {}
    return jsonify(id=sent.id, recipients=sent.total), 202, replayed


@blueprint.post("/message/acknowledge")
def acknowledge() -> ResponseReturnValue:
    """By a recipient for itself, or by a back end for any recipient."""
    try:
        user_id = subscribers.identify_subscriber().external_id
        form = parse(schemas.OwnAcknowledgement())
    except Unauthorized:
        identify_back_end()
        form = parse(schemas.Acknowledgement())
        user_id = form["user_id"]
    return jsonify(acknowledged=messages.acknowledge(user_id, form["message_ids"])), 202


# Users


@blueprint.get("/user")
def list_users() -> ResponseReturnValue:
    identify_back_end()
    return jsonify(recipients.list_all(read_page()))


@blueprint.post("/user")
def create_user() -> ResponseReturnValue:
    identify_back_end()
    form = parse(schemas.NewRecipient())
    shown, is_new = recipients.create(form["user_id"], form["groups"])
    return jsonify(shown), 201 if is_new else 200


@blueprint.delete("/user/<path:user_id>")
def delete_user(user_id: str) -> ResponseReturnValue:
    back_end = identify_back_end()
    recipients.remove(check_name("user_id", user_id), back_end.id)
    return "", 204


@blueprint.get("/user/<path:user_id>/token")
def create_user_token(user_id: str) -> ResponseReturnValue:
    back_end = identify_back_end()
    token = subscribers.issue_token(check_name("user_id", user_id), back_end.id)
    seconds = current_app.config["SUBSCRIBER_TOKEN_SECONDS"]
    return jsonify(access_token=token, type="Bearer", expires_in=seconds)


@blueprint.get("/user/<path:user_id>/messages")
def list_messages(user_id: str) -> ResponseReturnValue:
    identify_back_end()
    recipient_id = recipients.find(check_name("user_id", user_id))
    is_all = read_choice("state", "unread", "all") == "all"
    return jsonify(messages.list_inbox(recipient_id, is_all, read_page()))


# Groups


@blueprint.get("/group")
def list_groups() -> ResponseReturnValue:
    identify_back_end()
    return jsonify(groups.list_all(read_page()))


@blueprint.post("/group")
def create_group() -> ResponseReturnValue:
    identify_back_end()
    form = parse(schemas.NewGroup())
    shown, is_new = groups.create(form["name"], form["users"])
    return jsonify(shown), 201 if is_new else 200


@blueprint.delete("/group/<path:group>")
def delete_group(group: str) -> ResponseReturnValue:
    identify_back_end()
    groups.remove(check_name("group", group))
    return "", 204


@blueprint.put("/group/<path:group>/user/<path:user_id>")
def add_member(group: str, user_id: str) -> ResponseReturnValue:
    identify_back_end()
    groups.add_member(check_name("group", group), check_name("user_id", user_id))
    return "", 204


@blueprint.delete("/group/<path:group>/user/<path:user_id>")
def remove_member(group: str, user_id: str) -> ResponseReturnValue:
    identify_back_end()
    groups.remove_member(check_name("group", group), check_name("user_id", user_id))
    return "", 204

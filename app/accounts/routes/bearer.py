"""`/register`, `/login`, `/users`, … : accounts with a bearer token."""

from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.accounts import schemas, service
from app.auth import tokens
from app.auth.models import User
from app.auth.principal import identify
from app.constellations.rights import find_rights
from app.errors import Unauthorized
from app.web.body import parse
from app.web.identifiers import parse_uuid
from app.web.limits import limit_login

blueprint = Blueprint("accounts", __name__)


def signed_in(user: User) -> dict[str, Any]:
    """A new access token and whose it is; `expires_in` in seconds."""
    seconds = current_app.config["ACCESS_TOKEN_SECONDS"]
    token = tokens.issue(tokens.ACCOUNT, user.uuid, seconds, user.token_version)
    return {"user_uuid": user.uuid, "access_token": token, "token_type": "bearer", "expires_in": seconds}


@blueprint.post("/register")
def register() -> ResponseReturnValue:
    form = parse(schemas.Registration())
    limit_login(form["name"])
    return jsonify(signed_in(service.register(**form))), 201


@blueprint.post("/login")
def login() -> ResponseReturnValue:
    form = parse(schemas.Login())
    name = form.get("name") or form["email"]
    limit_login(name)
    return jsonify(signed_in(service.authenticate(name, form["password"])))


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    service.log_out(identify())
    return jsonify(message="Logged out")


@blueprint.post("/check_token/<constellation_uuid>")
def check_token(constellation_uuid: str) -> ResponseReturnValue:
    """Any reason for having no access, also a constellation that does not exist, is 401 here."""
    rights = find_rights(identify().uuid, constellation_uuid)
    if rights is None:
        raise Unauthorized("No access to this constellation")
    return jsonify(rights=rights.name.lower())


@blueprint.get("/users/<user_uuid>")
def show_user(user_uuid: str) -> ResponseReturnValue:
    principal = identify()
    user = service.get_user(parse_uuid(user_uuid, "user"))
    shown = {"uuid": user.uuid, "name": user.name}
    if user.uuid == principal.uuid:
        shown["email"] = user.email
    return jsonify(shown)


@blueprint.patch("/users")
def change_user() -> ResponseReturnValue:
    principal = identify()
    changes = parse(schemas.AccountChanges())
    if "password" in changes:
        limit_login(principal.name)  # costs as much as a login
    return jsonify(signed_in(service.change(principal.uuid, changes)))


@blueprint.delete("/users")
def delete_user() -> ResponseReturnValue:
    service.delete(identify().uuid)
    return jsonify(message="User deleted")

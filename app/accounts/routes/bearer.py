"""`/register`, `/login`, `/users`, … : accounts with a bearer token."""

from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.accounts import schemas, service
from app.accounts.examples import ALICE, EMAIL, PASSWORD, TOKEN
from app.apidocs.describe import describe
from app.apidocs.json_schema import Object, exactly, one_of, text, uuid, whole
from app.apidocs.operation import json, message, ok
from app.apidocs.security import ACCOUNT
from app.auth import tokens
from app.auth.credentials import MissingCredentials
from app.auth.models import User
from app.auth.principal import identify
from app.constellations.rights import find_rights
from app.constellations.services import account_deletion
from app.errors import Unauthorized, absent
from app.web.body import parse
from app.web.fields import missing, nothing_to_change
from app.web.identifiers import malformed, parse_uuid
from app.web.limits import limit_login

blueprint = Blueprint("accounts", __name__)

NO_ACCESS = "No access to this constellation"
LOGGED_OUT, DELETED = "Logged out", "User deleted"

SIGNED_IN = Object(
    "SignedIn",
    {
        "user_uuid": uuid(ALICE),
        "access_token": text(TOKEN),
        "token_type": exactly("bearer"),
        "expires_in": whole(43200, "Seconds"),
    },
)
RIGHTS = Object("TokenRights", {"rights": one_of("admin", "write", "comment", "read")})
PERSON = Object(
    "Person",
    {"uuid": uuid(ALICE), "name": text("alice"), "email": text(EMAIL, "Only to oneself", format="email")},
    optional=frozenset({"email"}),
)


def signed_in(user: User) -> dict[str, Any]:
    """A new access token of the account; `expires_in` in seconds."""
    seconds = current_app.config["ACCESS_TOKEN_SECONDS"]
    token = tokens.issue(tokens.ACCOUNT, user.uuid, seconds, user.token_version)
    return {"user_uuid": user.uuid, "access_token": token, "token_type": "bearer", "expires_in": seconds}


@blueprint.post("/register")
@describe(
    summary="Make an account",
    body=json(schemas.Registration, example={"name": "alice", "email": EMAIL, "password": PASSWORD}),
    answers={201: ok(SIGNED_IN, "The account, and a token for it")},
    errors={400: (missing("name"), service.TAKEN, service.too_short(8)), 403: service.CLOSED},
    is_limited=True,
)
def register() -> ResponseReturnValue:
    form = parse(schemas.Registration())
    limit_login(form["name"])
    return jsonify(signed_in(service.register(**form))), 201


@blueprint.post("/login")
@describe(
    summary="Log in with a name or an e-mail address",
    body=json(
        schemas.Login,
        by_name={"name": "alice", "password": PASSWORD},
        by_email={"email": EMAIL, "password": PASSWORD},
    ),
    answers={200: ok(SIGNED_IN)},
    errors={400: missing("name"), 401: service.WRONG},
    is_limited=True,
)
def login() -> ResponseReturnValue:
    form = parse(schemas.Login())
    name = form.get("name") or form["email"]
    limit_login(name)
    return jsonify(signed_in(service.authenticate(name, form["password"])))


@blueprint.post("/logout")
@describe(
    summary="Revoke the token everywhere; its streams end",
    needs=(ACCOUNT,),
    answers={200: message(LOGGED_OUT)},
    errors={401: (MissingCredentials.message, tokens.INVALID_OR_EXPIRED)},
)
def logout() -> ResponseReturnValue:
    service.log_out(identify())
    return jsonify(message=LOGGED_OUT)


@blueprint.post("/check_token/<constellation_uuid>")
@describe(
    summary="The caller's rights in a constellation",
    description="Any reason for having no access is 401 here, also a constellation that does not exist.",
    needs=(ACCOUNT,),
    answers={200: ok(RIGHTS)},
    errors={401: (NO_ACCESS, tokens.INVALID_OR_EXPIRED)},
)
def check_token(constellation_uuid: str) -> ResponseReturnValue:
    rights = find_rights(identify().uuid, constellation_uuid)
    if rights is None:
        raise Unauthorized(NO_ACCESS)
    return jsonify(rights=rights.name.lower())


@blueprint.get("/users/<user_uuid>")
@describe(
    summary="Somebody",
    needs=(ACCOUNT,),
    answers={200: ok(PERSON)},
    errors={400: malformed("user"), 404: absent("User")},
)
def show_user(user_uuid: str) -> ResponseReturnValue:
    principal = identify()
    user = service.get_user(parse_uuid(user_uuid, "user"))
    shown = {"uuid": user.uuid, "name": user.name}
    if user.uuid == principal.uuid:
        shown["email"] = user.email
    return jsonify(shown)


@blueprint.patch("/users")
@describe(
    summary="Change one's own name, e-mail address or password",
    description="Answers a new token. A new password revokes every token issued before.",
    needs=(ACCOUNT,),
    body=json(
        schemas.AccountChanges,
        name={"name": "alice the first"},
        password={"password": "open barley"},
    ),
    answers={200: ok(SIGNED_IN)},
    errors={400: (nothing_to_change(schemas.AccountChanges), service.TAKEN, service.too_short(8))},
    is_limited=True,
)
def change_user() -> ResponseReturnValue:
    principal = identify()
    changes = parse(schemas.AccountChanges())
    if "password" in changes:
        limit_login(principal.name)  # costs as much as a login
    return jsonify(signed_in(service.change(principal.uuid, changes)))


@blueprint.delete("/users")
@describe(
    summary="Delete one's own account",
    needs=(ACCOUNT,),
    answers={200: message(DELETED)},
    errors={400: account_deletion.LAST_ADMIN},
)
def delete_user() -> ResponseReturnValue:
    service.delete(identify().uuid)
    return jsonify(message=DELETED)

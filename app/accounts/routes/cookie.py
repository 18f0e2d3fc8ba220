"""`/api/auth/…`: the same accounts, for pages that keep their token in an HttpOnly cookie."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.accounts import schemas, service
from app.accounts.examples import ALICE, EMAIL, PASSWORD, TOKEN
from app.apidocs.describe import describe
from app.apidocs.json_schema import Object, exactly, nullable, text, uuid
from app.apidocs.operation import json, ok
from app.apidocs.security import ACCOUNT, NO_CREDENTIALS
from app.apidocs.security import COOKIE as BY_COOKIE
from app.auth import tokens
from app.auth.credentials import COOKIE
from app.auth.models import User
from app.auth.principal import FOREIGN_ORIGIN, identify
from app.errors import Unauthorized
from app.web.body import parse
from app.web.fields import missing
from app.web.limits import limit_login

blueprint = Blueprint("cookies", __name__, url_prefix="/api/auth")


USER = Object("CookieUser", {"id": uuid(ALICE), "email": text(EMAIL, format="email"), "name": text("alice")})
SIGNED_IN = Object("SignedInByCookie", {"user": USER})
COOKIE_SET = {"Set-Cookie": text(f"{COOKIE}={TOKEN}; Max-Age=604800; HttpOnly; Path=/; SameSite=Lax")}
COOKIE_CLEARED = {"Set-Cookie": text(f"{COOKIE}=; Max-Age=0; HttpOnly; Path=/; SameSite=Lax")}


def shown(user: Any) -> dict[str, str]:
    return {"id": user.uuid, "email": user.email, "name": user.name}


def signed_in(user: User, status: int) -> Response:
    seconds = current_app.config["COOKIE_TOKEN_SECONDS"]
    token = tokens.issue(tokens.ACCOUNT, user.uuid, seconds, user.token_version)
    response = jsonify(user=shown(user))
    response.status_code = status
    response.set_cookie(
        COOKIE,
        token,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=current_app.config["COOKIE_SECURE"],
    )
    return response


@blueprint.post("/register")
@describe(
    summary="Make an account, and log in by cookie",
    body=json(
        schemas.EmailRegistration,
        named={"email": EMAIL, "password": PASSWORD, "name": "alice"},
        unnamed={"email": EMAIL, "password": PASSWORD},
    ),
    answers={201: ok(SIGNED_IN, "The account; the cookie holds its token", headers=COOKIE_SET)},
    errors={400: (missing("email"), service.TAKEN, service.too_short(8)), 403: service.CLOSED},
    is_limited=True,
)
def register() -> ResponseReturnValue:
    form = parse(schemas.EmailRegistration())
    limit_login(form["email"])
    return signed_in(service.register(form.get("name"), form["email"], form["password"]), 201)


@blueprint.post("/login")
@describe(
    summary="Log in by cookie",
    body=json(schemas.EmailLogin, example={"email": EMAIL, "password": PASSWORD}),
    answers={200: ok(SIGNED_IN, headers=COOKIE_SET)},
    errors={400: missing("email"), 401: service.WRONG},
    is_limited=True,
)
def login() -> ResponseReturnValue:
    form = parse(schemas.EmailLogin())
    limit_login(form["email"])
    return signed_in(service.authenticate(form["email"], form["password"]), 200)


@blueprint.post("/logout")
@describe(
    summary="Clear the cookie and revoke its token",
    needs=(BY_COOKIE, ACCOUNT),
    answers={200: ok(Object("Success", {"success": exactly(True)}), headers=COOKIE_CLEARED)},
    errors={403: FOREIGN_ORIGIN},
)
def logout() -> ResponseReturnValue:
    service.log_out(identify(cookie=True))
    response = jsonify(success=True)
    response.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="Lax", secure=current_app.config["COOKIE_SECURE"]
    )
    return response


@blueprint.get("/me")
@describe(
    summary="Who is logged in",
    needs=(BY_COOKIE, ACCOUNT, NO_CREDENTIALS),
    answers={200: ok(Object("WhoAmI", {"user": nullable(USER)}), "`user` is null for nobody")},
)
def me() -> ResponseReturnValue:
    try:
        return jsonify(user=shown(identify(cookie=True)))
    except Unauthorized:
        return jsonify(user=None)

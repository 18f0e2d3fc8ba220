"""`/api/auth/…`: the same accounts, for pages that keep their token in an HttpOnly cookie."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.accounts import schemas, service
from app.auth import tokens
from app.auth.credentials import COOKIE
from app.auth.models import User
from app.auth.principal import identify
from app.errors import Unauthorized
from app.web.body import parse
from app.web.limits import limit_login

blueprint = Blueprint("cookies", __name__, url_prefix="/api/auth")


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
def register() -> ResponseReturnValue:
    form = parse(schemas.EmailRegistration())
    limit_login(form["email"])
    return signed_in(service.register(form.get("name"), form["email"], form["password"]), 201)


@blueprint.post("/login")
def login() -> ResponseReturnValue:
    form = parse(schemas.EmailLogin())
    limit_login(form["email"])
    return signed_in(service.authenticate(form["email"], form["password"]), 200)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    service.log_out(identify(cookie=True))
    response = jsonify(success=True)
    response.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="Lax", secure=current_app.config["COOKIE_SECURE"]
    )
    return response


@blueprint.get("/me")
def me() -> ResponseReturnValue:
    try:
        return jsonify(user=shown(identify(cookie=True)))
    except Unauthorized:
        return jsonify(user=None)

"""`/` and `/console/…`: the page, its files, and the token that its scripts call the API with."""

import logging
from time import time

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app.accounts.routes.cookie import shown
from app.apidocs.describe import undescribed
from app.auth import tokens
from app.auth.principal import identify
from app.console.assets import assets, etag_of, modules
from app.console.facts import about
from app.errors import Forbidden, NotFound

audit = logging.getLogger("hub.audit")
blueprint = Blueprint("console", __name__, template_folder="pages")

# Nothing inline, and nothing of other origins but the images of concepts. With trusted types no script can
# turn text into markup (https://w3c.github.io/trusted-types/).
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: https: http:",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
CACHING = "no-cache"  # the browser keeps it and revalidates it each time: a new release is seen at once


@blueprint.get("/")
@undescribed
def page() -> Response:
    data = render_template("console.html", facts=about(current_app), modules=modules()).encode()
    return _file(data, "text/html; charset=utf-8", etag_of(data))


@blueprint.get("/console/<path:name>")
@undescribed
def asset(name: str) -> Response:
    found = assets().get(name)
    if found is None:
        raise NotFound()
    return _file(*found)


@blueprint.post("/console/token")
@undescribed
def exchange() -> ResponseReturnValue:
    """Cookie → an account token for calls that take no cookie; `expires_in` in seconds.

    The token has the cookie's `jti` and expiry: logging out with one of them revokes both. Pages of other
    origins get no token, even those that may send the cookie.
    """
    principal = identify(cookie=True)
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Forbidden("Only the console may ask for this")
    seconds = max(1, principal.expires_at - int(time()))
    more = {"jti": principal.token_id}
    audit.info("token issued", extra={"user": principal.uuid, "seconds": seconds})
    token = tokens.issue(tokens.ACCOUNT, principal.uuid, seconds, principal.token_version, more)
    return jsonify(
        access_token=token,
        token_type="bearer",  # noqa: S106
        expires_in=seconds,
        user=shown(principal),
        is_operator=principal.is_operator,
    )


def _file(data: bytes, content_type: str, etag: str) -> Response:
    headers = {"Cache-Control": CACHING, "Content-Security-Policy": POLICY}
    response = Response(data, content_type=content_type, headers=headers)
    response.set_etag(etag)
    response.make_conditional(request)
    return response

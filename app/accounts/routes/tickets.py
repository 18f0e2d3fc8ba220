"""`POST /api/stream-ticket`: the credential in the URL of a page's stream, which can't set headers."""

import logging

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.accounts.examples import TOKEN
from app.apidocs.describe import describe
from app.apidocs.json_schema import Object, exactly, text
from app.apidocs.operation import ok
from app.apidocs.security import ACCOUNT, COOKIE, SUBSCRIBER
from app.auth import principal, subscribers, tickets, tokens
from app.auth.credentials import Source, find
from app.web.limits import limit

blueprint = Blueprint("stream_tickets", __name__)
audit = logging.getLogger("hub.audit")

TICKET = Object("StreamTicket", {"ticket": text(TOKEN), "expires_in": exactly(tickets.SECONDS, "Seconds")})
PRIVATE = {"Cache-Control": "no-store"}


@blueprint.post("/api/stream-ticket")
@describe(
    summary="A ticket for one stream or socket",
    description="For pages: it stands as `?ticket=` in the URL, where a token would be good for hours to"
    " whoever sees it. The stream is the token's: what ends that ends the stream. To come back a page"
    " needs another ticket.",
    needs=(ACCOUNT, SUBSCRIBER, COOKIE),
    answers={201: ok(TICKET, headers={name: exactly(value) for name, value in PRIVATE.items()})},
    errors={403: principal.FOREIGN_ORIGIN},
    is_limited=True,
)
def create_ticket() -> ResponseReturnValue:
    claims = _identify()
    limit("STREAMS", f"ticket:{claims.token_id}")
    audit.info("stream ticket issued", extra={"user": claims.subject, "use": claims.use})
    return jsonify(ticket=tickets.issue(claims), expires_in=tickets.SECONDS), 201, PRIVATE


def _identify() -> tokens.TokenClaims:
    """The claims of a valid token of an account or a recipient; raises Unauthorized, Forbidden."""
    credential = find(cookie=True)
    claims = credential.read()
    if credential.source is Source.COOKIE:
        principal.account(claims)
        principal.require_own_origin()
    elif claims.use == tokens.SUBSCRIBER:
        subscribers.subscription(claims)
    else:
        principal.account(claims)
    return claims

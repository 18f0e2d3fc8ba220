"""`POST /api/stream-ticket`: what a page puts into the URL of a stream, which can't carry a header."""

import logging

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.auth import principal, subscribers, tickets, tokens
from app.auth.credentials import Source, find
from app.web.limits import limit

blueprint = Blueprint("stream_tickets", __name__)
audit = logging.getLogger("hub.audit")


@blueprint.post("/api/stream-ticket")
def create_ticket() -> ResponseReturnValue:
    claims = _identify()
    limit("STREAMS", f"ticket:{claims.token_id}")
    audit.info("stream ticket issued", extra={"user": claims.subject, "use": claims.use})
    response = jsonify(ticket=tickets.issue(claims), expires_in=tickets.SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response, 201


def _identify() -> tokens.TokenClaims:
    """What a good token of an account or a recipient says; raises Unauthorized, Forbidden."""
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

"""Tickets: they stand in the URL of a stream instead of the token that opens it.

A ticket is valid for `SECONDS` and once in the whole cluster, and has the claims of its token. So revoking
the token ends the stream, and invalidates a ticket that was not used yet.
"""

import secrets
from time import time

from flask import Flask, request

from app.auth import tokens
from app.errors import Unauthorized
from app.extensions import Part, engine
from app.realtime.engine import Engine
from app.realtime.presence import Holder, Presence, make_presence

SECONDS = 30
# Used tickets are remembered for longer than they are valid, since the clocks of machines differ.
REMEMBERED_SECONDS = 150


used: Part[Presence] = Part("tickets")


def init_app(app: Flask, engine: Engine) -> None:
    used.bind(app, make_presence(engine.broker, REMEMBERED_SECONDS, "tickets"))


def issue(claims: tokens.TokenClaims) -> str:
    """A ticket for a token with these claims."""
    inner = {"use": claims.use, "jti": claims.token_id, "exp": claims.expires_at, "ver": claims.version}
    return tokens.issue(tokens.TICKET, claims.subject, SECONDS, more={"for": inner})


def redeem(ticket: str) -> tokens.TokenClaims:
    """The claims of its token; raises Unauthorized, also for a used ticket, and BrokerUnavailable."""
    payload = tokens.decode(ticket)
    if payload.get("use") != tokens.TICKET:
        raise Unauthorized("Invalid or expired ticket")
    claims = tokens.claims({**payload["for"], "sub": payload["sub"]})
    if claims.expires_at <= time() or not _is_first_use(payload["jti"]):
        raise Unauthorized("Invalid, expired or used ticket")
    return claims


def _is_first_use(ticket_id: str) -> bool:
    """Marks the ticket as used, unless this is a HEAD request."""
    engine.start()
    if request.method == "HEAD":
        return used.current.find([ticket_id])[0] is None
    return used.current.claim(ticket_id, Holder(engine.worker_id, secrets.token_hex(8)))

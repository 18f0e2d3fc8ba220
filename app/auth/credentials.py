"""Where a request carries its credential: the one place that looks for it."""

from enum import Enum
from typing import NamedTuple

from flask import request

from app.auth import tickets, tokens
from app.errors import Unauthorized

COOKIE = "auth_token"


class Source(Enum):
    HEADER = "Authorization"
    COOKIE = "cookie"
    TICKET = "?ticket="
    TOKEN = "?token="  # noqa: S105


class MissingCredentials(Unauthorized):
    message = "Missing credentials"


class Credential(NamedTuple):
    text: str
    source: Source

    def read(self) -> tokens.TokenClaims:
        """What it says, which a ticket says only once; raises Unauthorized and, for a ticket that nobody can
        tell from a used one now, BrokerUnavailable."""
        return tickets.redeem(self.text) if self.source is Source.TICKET else tokens.read(self.text)


def find(cookie: bool = False, query: bool = False) -> Credential:
    """The `Authorization` header goes first, then the cookie where `cookie` allows it, then `?ticket=` and
    `?token=` where `query` does (streams and sockets only). The first one found decides: a bad header is not
    rescued. Raises Missing, and Unauthorized for a header that is no bearer's.
    """
    header = request.environ.get("HTTP_AUTHORIZATION")  # without the detour over all headers
    if header is not None:
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Authorization must be: Bearer <token>")
        return Credential(token.strip(), Source.HEADER)
    if cookie and request.cookies.get(COOKIE):
        return Credential(request.cookies[COOKIE], Source.COOKIE)
    if query and request.args.get("ticket"):
        return Credential(request.args["ticket"], Source.TICKET)
    if query and request.args.get("token"):
        return Credential(request.args["token"], Source.TOKEN)
    raise MissingCredentials()

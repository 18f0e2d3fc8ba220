"""Finding the credential of a request; no other module looks for it."""

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
        """The claims of the token, or of a ticket, which this redeems.

        Raises Unauthorized, and BrokerUnavailable while the broker can't say whether a ticket was used.
        """
        return tickets.redeem(self.text) if self.source is Source.TICKET else tokens.read(self.text)


def find(cookie: bool = False, query: bool = False) -> Credential:
    """The first credential of the request, in this order: the `Authorization` header; with `cookie` the
    cookie; with `query` (streams and sockets) `?ticket=` and `?token=`. A bad one is not skipped.

    Raises MissingCredentials, and Unauthorized for a header that is not a bearer's.
    """
    header = request.environ.get("HTTP_AUTHORIZATION")  # without parsing all headers
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

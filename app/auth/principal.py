"""Identifying the caller of a request: finds the token, checks it, and loads the account."""

import re
from dataclasses import dataclass
from time import time

from flask import current_app, request
from sqlalchemy import exists, select

from app.auth import credentials, tokens
from app.auth.cache import Cache
from app.auth.credentials import Source
from app.auth.models import RevokedToken, User
from app.errors import Forbidden, Unauthorized
from app.extensions import Part, db
from app.realtime.claims import Claims

OPERATORS_ONLY, FOREIGN_ORIGIN = "For operators only", "Origin not allowed"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated account and its token (`expires_at` in Unix seconds)."""

    uuid: str
    name: str
    email: str
    is_operator: bool
    token_id: str
    expires_at: int
    token_version: int

    @property
    def claims(self) -> Claims:
        """The claims that a stream keeps."""
        return Claims(self.uuid, self.token_id, self.expires_at, self.token_version)


principals: Part[Cache[str, Principal]] = Part("principals")


def identify(cookie: bool = False, query: bool = False) -> Principal:
    """The account that calls; raises Unauthorized, or Forbidden for a cookie used by a foreign page.

    For `cookie` and `query` see `credentials.find`; with `query` also BrokerUnavailable.
    """
    credential = credentials.find(cookie, query)
    principal = account(credential.read())
    if credential.source is Source.COOKIE and request.method not in SAFE_METHODS:
        require_own_origin()
    return principal


def identify_cached(query: bool = False) -> Principal:
    """As `identify`, for hot endpoints: the answer may be ten seconds old (see cache.py)."""
    credential = credentials.find(query=query)
    if credential.source is Source.TICKET:
        return account(credential.read())
    principal = principals.current.get(credential.text, lambda: account(credential.read()))
    if principal.expires_at <= time():
        raise Unauthorized(tokens.INVALID_OR_EXPIRED)
    return principal


def identify_operator() -> Principal:
    """The operator that calls, by bearer token or cookie; raises Unauthorized, Forbidden."""
    principal = identify(cookie=True)
    if not principal.is_operator:
        raise Forbidden(OPERATORS_ONLY)
    return principal


def account(claims: tokens.TokenClaims) -> Principal:
    """The account of the claims, read from the database now; raises Unauthorized."""
    if claims.use != tokens.ACCOUNT:
        raise Unauthorized(tokens.INVALID_OR_EXPIRED)
    revoked = exists().where(RevokedToken.jti == claims.token_id)
    user = db.session.scalar(
        select(User).where(User.uuid == claims.subject, User.token_version == claims.version, ~revoked)
    )
    if user is None:
        raise Unauthorized(tokens.INVALID_OR_EXPIRED)
    return Principal(
        user.uuid,
        user.name,
        user.email,
        user.is_operator,
        claims.token_id,
        claims.expires_at,
        claims.version,
    )


def require_own_origin() -> None:
    """Raises Forbidden for a foreign `Origin` (RFC 6454): browsers add cookies to other sites' requests."""
    origin = request.headers.get("Origin")
    if origin is not None and not is_allowed_origin(origin):
        raise Forbidden(FOREIGN_ORIGIN)


def is_allowed_origin(origin: str) -> bool:
    """The hub's own origin, or one of `CORS_ORIGINS` (the development entry is a pattern)."""
    if origin == request.host_url.rstrip("/"):
        return True
    return any(
        re.match(allowed, origin) if allowed.startswith("^") else allowed == origin
        for allowed in current_app.config["CORS_ORIGINS"]
    )

"""Identifying the caller of a request: finds the token, checks it, and names who it stands for."""

import re
from dataclasses import dataclass
from time import time

from flask import current_app, request
from sqlalchemy import exists, select

from app.auth import tokens
from app.auth.cache import Cache
from app.auth.models import RevokedToken, User
from app.errors import Forbidden, Unauthorized
from app.extensions import db
from app.realtime.claims import Claims

COOKIE = "auth_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Principal:
    """An account that may act now, and the token it came with (`expires_at` in Unix seconds)."""

    uuid: str
    name: str
    email: str
    is_operator: bool
    token_id: str
    expires_at: int
    token_version: int

    @property
    def claims(self) -> Claims:
        """As streams keep them."""
        return Claims(self.uuid, self.token_id, self.expires_at, self.token_version)


def identify(cookie: bool = False, query: bool = False) -> Principal:
    """The account that calls; raises Unauthorized, or Forbidden for a cookie used by a foreign page.

    The `Authorization` header goes first, then the cookie where `cookie` allows it, then `?token=`
    where `query` does (streams only). The first one found decides: a bad header is not rescued.
    """
    token, is_cookie = find_token(cookie, query)
    principal = account(tokens.read(token))
    if is_cookie and request.method not in SAFE_METHODS:
        require_own_origin()
    return principal


def identify_lately(query: bool = False) -> Principal:
    """As `identify`, but may believe for a second what it found out (see cache.py); for hot endpoints."""
    token, _ = find_token(cookie=False, query=query)
    cache: Cache[str, Principal] = current_app.extensions["principals"]
    principal = cache.get(token, lambda: account(tokens.read(token)))
    if principal.expires_at <= time():
        raise Unauthorized("Invalid or expired token")
    return principal


def account(claims: tokens.Claims) -> Principal:
    """The account behind the claims, as the database knows it now; raises Unauthorized."""
    if claims.use != tokens.ACCOUNT:
        raise Unauthorized("Invalid or expired token")
    revoked = exists().where(RevokedToken.jti == claims.token_id)
    user = db.session.scalar(
        select(User).where(User.uuid == claims.subject, User.token_version == claims.version, ~revoked)
    )
    if user is None:
        raise Unauthorized("Invalid or expired token")
    return Principal(
        user.uuid,
        user.name,
        user.email,
        user.is_operator,
        claims.token_id,
        claims.expires_at,
        claims.version,
    )


def find_token(cookie: bool, query: bool) -> tuple[str, bool]:
    """The token that the request carries, and whether by cookie; raises Unauthorized."""
    header = request.environ.get("HTTP_AUTHORIZATION")  # without the detour over all headers
    if header is not None:
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Authorization must be: Bearer <token>")
        return token.strip(), False
    if cookie and request.cookies.get(COOKIE):
        return request.cookies[COOKIE], True
    if query and request.args.get("token"):
        return request.args["token"], False
    raise Unauthorized("Missing credentials")


def require_own_origin() -> None:
    """Cookies travel with requests of foreign pages too; those carry a foreign `Origin` (RFC 6454)."""
    origin = request.headers.get("Origin")
    if origin is not None and not is_allowed_origin(origin):
        raise Forbidden("Origin not allowed")


def is_allowed_origin(origin: str) -> bool:
    """The hub's own origin, or one of `CORS_ORIGINS` (the development entry is a pattern)."""
    if origin == request.host_url.rstrip("/"):
        return True
    return any(
        re.match(allowed, origin) if allowed.startswith("^") else allowed == origin
        for allowed in current_app.config["CORS_ORIGINS"]
    )

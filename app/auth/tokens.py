"""JWTs (RFC 7519) of the hub: `sub`, `jti`, `exp` and `use`; account tokens add `ver`, the token version."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
from flask import current_app
from flask_jwt_extended import create_access_token
from jwt.types import Options

from app.errors import Unauthorized

ALGORITHM = "HS256"  # flask-jwt-extended's own
INVALID, INVALID_OR_EXPIRED = "Invalid token", "Invalid or expired token"
ACCOUNT, SERVICE, SUBSCRIBER, TICKET = "account", "service", "subscriber", "ticket"


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The claims of a valid token; `expires_at` in Unix seconds."""

    use: str
    subject: str
    token_id: str
    expires_at: int
    version: int


def issue(use: str, subject: str, seconds: int, version: int = 0, more: dict[str, Any] | None = None) -> str:
    """A signed token for `subject` that is valid for `seconds`."""
    added = {"use": use, "ver": version, **(more or {})}
    lifetime = timedelta(seconds=seconds)
    token: str = create_access_token(subject, expires_delta=lifetime, additional_claims=added)
    return token


def read(token: str) -> TokenClaims:
    """Checks signature and expiry, not revocation; raises Unauthorized."""
    return claims(decode(token))


def decode(token: str) -> dict[str, Any]:
    """The payload of a token of the hub that has not expired; raises Unauthorized.

    `iat` is not checked: a hub whose clock was ahead and is right again would refuse its own tokens.
    """
    key = current_app.config["JWT_SECRET_KEY"]
    options: Options = {"verify_iat": False, "require": ["sub", "jti", "exp"]}
    try:
        payload: dict[str, Any] = jwt.decode(token, key, algorithms=[ALGORITHM], options=options)
    except (jwt.PyJWTError, UnicodeError, ValueError) as error:
        raise Unauthorized(INVALID_OR_EXPIRED) from error
    return payload


def claims(payload: dict[str, Any]) -> TokenClaims:
    """The claims in the payload; raises Unauthorized where the hub can't have written it."""
    use, version = payload.get("use"), payload.get("ver", 0)
    if not isinstance(use, str) or not isinstance(version, int):
        raise Unauthorized(INVALID_OR_EXPIRED)
    return TokenClaims(use, str(payload["sub"]), str(payload["jti"]), int(payload["exp"]), version)

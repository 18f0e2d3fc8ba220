"""Service clients: the back ends of applications, which call with a secret and tokens of their own.

One may stand in the settings (`CLIENT_ID`, `CLIENT_SECRET`) and is stored nowhere. The others are made from
the shell, with random secrets of 256 bits. Those can't be guessed, so a fast hash of them is stored: a slow
one would protect nothing.
"""

import hmac
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import NamedTuple

from flask import current_app, request
from sqlalchemy import exists, select

from app.auth import tokens
from app.auth.cache import Cache
from app.auth.credentials import MissingCredentials
from app.auth.models import RevokedToken, ServiceClient
from app.auth.principal import Principal, identify
from app.db.session import transaction
from app.errors import Invalid, NotFound, Unauthorized
from app.extensions import Part, db, engine
from app.realtime.claims import Claims

TOKEN_SECONDS = 300
# Shorter than for accounts: within it a client that was disabled from a shell is refused, also without Redis.
CACHE_SECONDS = 1.0
INVALID_CLIENT = "Invalid client credentials"
NO_HASH = "-" * 64  # is the hash of no secret
# The hub itself. The token endpoint issues none for it: it has no secret, and no client is stored under it.
INTERNAL = "hub:internal"
audit = logging.getLogger("hub.audit")


@dataclass(frozen=True, slots=True)
class CallingService:
    """An authenticated back end and its token (`expires_at` in Unix seconds)."""

    client_id: str
    token_id: str
    expires_at: int
    token_version: int

    @property
    def claims(self) -> Claims:
        """The claims of streams that are opened with its token."""
        return Claims(subject(self.client_id), self.token_id, self.expires_at, self.token_version)


services: Part[Cache[str, CallingService]] = Part("services")


def subject(client_id: str) -> str:
    """The subject of the client in claims, where an account's is its uuid."""
    return f"client:{client_id}"


def identify_service() -> CallingService:
    """The service that calls, by its bearer token; raises Unauthorized.

    The answer may be `CACHE_SECONDS` old.
    """
    header = request.headers.get("Authorization")
    if header is None:
        raise MissingCredentials()
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized(tokens.INVALID)
    service = services.current.get(token, lambda: _service(token.strip()))
    if service.expires_at <= time():
        raise Unauthorized(tokens.INVALID)
    return service


class BackEnd(NamedTuple):
    """A caller that may manage recipients and send messages; `id` names a client or an operator's account."""

    id: str
    token_id: str


def identify_back_end() -> BackEnd:
    """The service that calls, or an operator (by bearer token or cookie); raises Unauthorized, or Forbidden
    for a cookie used by a foreign page."""
    try:
        service = identify_service()
        return BackEnd(subject(service.client_id), service.token_id)
    except Unauthorized as refusal:
        operator = _find_operator()
        if operator is None:
            raise refusal
        return BackEnd(f"account:{operator.uuid}", operator.token_id)


def _find_operator() -> Principal | None:
    try:
        account = identify(cookie=True)
    except Unauthorized:
        return None
    return account if account.is_operator else None


def _service(token: str) -> CallingService:
    try:
        claims = tokens.read(token)
    except Unauthorized as error:
        raise Unauthorized(tokens.INVALID) from error
    is_good = claims.use == tokens.SERVICE and claims.version == _version(claims.subject)
    if not is_good or db.session.scalar(select(exists().where(RevokedToken.jti == claims.token_id))):
        raise Unauthorized(tokens.INVALID)
    return CallingService(claims.subject, claims.token_id, claims.expires_at, claims.version)


def _version(client_id: str) -> int | None:
    """The version that the client's tokens must have; None for a client that is absent or disabled."""
    if client_id == INTERNAL:
        return 0
    if _is_configured(client_id):
        return _configured_version()
    return db.session.scalar(
        select(ServiceClient.token_version).where(
            ServiceClient.client_id == client_id, ServiceClient.is_disabled.is_(False)
        )
    )


def issue_token(client_id: str, secret: str) -> str:
    """A token for the client; raises Invalid, in the same time for an unknown id and for a wrong secret."""
    found = db.session.execute(
        select(ServiceClient.secret_hash, ServiceClient.token_version).where(
            ServiceClient.client_id == client_id, ServiceClient.is_disabled.is_(False)
        )
    ).first()
    stored, version = found or (NO_HASH, 0)
    if _is_configured(client_id):
        stored, version = _hash(current_app.config["CLIENT_SECRET"]), _configured_version()
    if not hmac.compare_digest(stored, _hash(secret)):
        audit.warning("client refused", extra={"client": client_id})
        raise Invalid(INVALID_CLIENT)
    audit.info("service token issued", extra={"client": client_id})
    return tokens.issue(tokens.SERVICE, client_id, TOKEN_SECONDS, version)


def _is_configured(client_id: str) -> bool:
    configured: str = current_app.config["CLIENT_ID"]
    return bool(configured) and hmac.compare_digest(configured.encode(), client_id.encode())


def _configured_version() -> int:
    """A version that depends on the secret: a changed `CLIENT_SECRET` revokes the tokens of the old one.

    The digest is keyed, because the payload of a token is readable.
    """
    key, secret = current_app.config["JWT_SECRET_KEY"], current_app.config["CLIENT_SECRET"]
    return int.from_bytes(hmac.digest(key.encode(), b"client" + secret.encode(), "sha256")[:6])


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def create(name: str) -> tuple[str, str]:
    """The id and the secret of a new client; the secret is not stored. Raises Invalid for a bad name."""
    if not 1 <= len(name.strip()) <= 200 or not name.isprintable():
        raise Invalid("name: 1 to 200 characters, without control characters.")
    client_id, secret = f"client-{secrets.token_hex(8)}", secrets.token_urlsafe(32)
    with transaction() as session:
        session.add(ServiceClient(client_id=client_id, name=name, secret_hash=_hash(secret)))
    audit.info("client created", extra={"client": client_id})
    return client_id, secret


def list_all() -> Sequence[ServiceClient]:
    """The stored clients, oldest first."""
    order = (ServiceClient.created_at, ServiceClient.client_id)
    return db.session.scalars(select(ServiceClient).order_by(*order)).all()


def rotate(client_id: str) -> str:
    """Replaces the client's secret and revokes the tokens of the old one; the new secret. Raises NotFound."""
    secret = secrets.token_urlsafe(32)
    _change(client_id, secret_hash=_hash(secret))
    audit.info("client rotated", extra={"client": client_id})
    return secret


def set_disabled(client_id: str, is_disabled: bool) -> None:
    """Disables or enables the client. Tokens that were issued before stay revoked. Raises NotFound."""
    _change(client_id, is_disabled=is_disabled)
    audit.info("client disabled" if is_disabled else "client enabled", extra={"client": client_id})


def _change(client_id: str, **values: object) -> None:
    """Writes the values, revokes the client's tokens and ends the streams that were opened with them."""
    with transaction() as session:
        found = session.get(ServiceClient, client_id, with_for_update=True)
        if found is None:
            raise NotFound(_absence(client_id))
        for name, value in values.items():
            setattr(found, name, value)
        found.token_version += 1
        version = found.token_version
    engine.disconnect("logged_out", user=subject(client_id), version=version)


def _absence(client_id: str) -> str:
    if _is_configured(client_id):
        return "This client stands in the settings: change CLIENT_ID and CLIENT_SECRET there"
    return f"There is no client {client_id}"


# The hub itself


class InternalToken:
    """The service token with which the hub calls itself; replaced before it expires."""

    def __init__(self) -> None:
        self._token, self._used_until = "", 0.0

    def get(self) -> str:
        """Needs an application context."""
        if time() > self._used_until:
            self._used_until = time() + TOKEN_SECONDS / 2
            self._token = tokens.issue(tokens.SERVICE, INTERNAL, TOKEN_SECONDS)
        return self._token

"""Subscriber tokens: each lets one recipient read its inbox, whether the recipient exists already or not.

The version of such a token is the time at which it was issued (Unix seconds). Deleting a recipient stores the
lowest version that stays valid. It lies a minute ahead, since the clocks of machines differ; a token that is
issued within that minute gets that version instead of the time.
"""

import logging
from dataclasses import dataclass
from time import time

from flask import current_app
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.auth import credentials, tokens
from app.auth.credentials import MissingCredentials
from app.auth.models import RevokedSubscriber, RevokedToken
from app.errors import Unauthorized
from app.extensions import db
from app.realtime.claims import Claims

audit = logging.getLogger("hub.audit")

SKEW_SECONDS = 60
# Longer than the lifetime of tokens that were issued under an earlier SUBSCRIBER_TOKEN_SECONDS.
LEAST_KEPT_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Subscription:
    """A recipient whose inbox may be read, and the token for it (`expires_at` in Unix seconds)."""

    external_id: str
    token_id: str
    expires_at: int
    version: int

    @property
    def claims(self) -> Claims:
        return Claims(subject(self.external_id), self.token_id, self.expires_at, self.version)


def subject(external_id: str) -> str:
    """The subject of the recipient in claims, where an account's is its uuid."""
    return f"subscriber:{external_id}"


def issue_token(external_id: str, by: str = "") -> str:
    """A new token, requested by `by`. The recipient need not exist yet."""
    audit.info("subscriber token issued", extra={"recipient": external_id, "by": by})
    seconds = current_app.config["SUBSCRIBER_TOKEN_SECONDS"]
    return tokens.issue(tokens.SUBSCRIBER, external_id, seconds, version_now(external_id))


def version_now(external_id: str) -> int:
    """The version of a token that is issued now."""
    return max(int(time()), _valid_from(db.session(), external_id))


def identify_subscriber(query: bool = False) -> Subscription:
    """The recipient whose token the request carries, in its header or (streams only) in its query.

    Raises MissingCredentials, Unauthorized and, with `query`, BrokerUnavailable.
    """
    try:
        return subscription(credentials.find(query=query).read())
    except MissingCredentials:
        raise
    except Unauthorized as error:
        raise Unauthorized(tokens.INVALID) from error


def subscription(claims: tokens.TokenClaims) -> Subscription:
    """The recipient of the claims; raises Unauthorized."""
    found = Subscription(claims.subject, claims.token_id, claims.expires_at, claims.version)
    if claims.use != tokens.SUBSCRIBER or is_revoked(db.session(), found.claims):
        raise Unauthorized(tokens.INVALID)
    return found


def is_revoked(session: Session, claims: Claims) -> bool:
    """Whether this token alone, or all of the subscriber's tokens up to now, were revoked."""
    if session.scalar(select(exists().where(RevokedToken.jti == claims.token))):
        return True
    return claims.version < _valid_from(session, claims.subject.removeprefix("subscriber:"))


def revoke_all(session: Session, external_id: str) -> int:
    """Revokes every token that was issued so far; the lowest version that stays valid."""
    now = int(time())
    valid_from = max(now + SKEW_SECONDS, _valid_from(session, external_id) + 1)
    kept = max(LEAST_KEPT_SECONDS, current_app.config["SUBSCRIBER_TOKEN_SECONDS"] + 2 * SKEW_SECONDS)
    session.merge(RevokedSubscriber(external_id=external_id, valid_from=valid_from, expires_at=now + kept))
    return valid_from


def _valid_from(session: Session, external_id: str) -> int:
    query = select(RevokedSubscriber.valid_from).where(RevokedSubscriber.external_id == external_id)
    return session.scalar(query) or 0

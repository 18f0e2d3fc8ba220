"""Who may call the gateway, and who may connect under which name, as `GATEWAY_AUTH` says.

`open`: no credentials are needed. `token`: the POSTs need a service token. A name is opened by a subscriber
token made for it, or by the account whose uuid it is; a public name by its bot's credential alone.
"""

from typing import NamedTuple

from flask import Flask, current_app, request

from app.auth import credentials, principal, subscribers, tokens
from app.auth.clients import identify_service
from app.auth.credentials import Source
from app.errors import DomainError, Forbidden, Unauthorized
from app.extensions import db
from app.gateway import bots
from app.gateway.bots import PublicAccounts, Standing
from app.realtime.claims import Claims

OPEN = "open"
ANONYMOUS = Claims("", "", 0)
DISABLED, RESERVED = "This bot is disabled", "This name belongs to a bot"
NEWEST = Standing(version=0, is_disabled=False)
FOREIGN = "This token is for another user"


class Caller(NamedTuple):
    """Of a POST. Its rate is limited by `key`: the token, or the address where no token is needed."""

    key: str
    claims: Claims


def identify_caller() -> Caller:
    """Raises Unauthorized."""
    if current_app.config["GATEWAY_AUTH"] == OPEN:
        return Caller(str(request.remote_addr), ANONYMOUS)
    service = identify_service()
    return Caller(service.token_id, service.claims)


def identify_client(user_id: str, public: PublicAccounts) -> Claims:
    """The bearer of a WebSocket that opens the name `user_id`; raises Unauthorized, Forbidden,
    BrokerUnavailable."""
    if current_app.config["GATEWAY_AUTH"] == OPEN:
        return _without_credential(user_id, public)
    credential = credentials.find(query=True)
    if credential.text.startswith(bots.CREDENTIAL_PREFIX) and credential.source is not Source.TICKET:
        return _bot(user_id, credential.text)
    claims = credential.read()
    if user_id in public.configured or bots.find(user_id) is not None:
        raise Forbidden(RESERVED)
    if claims.use == tokens.ACCOUNT:
        return _account(user_id, claims)
    return _subscriber(user_id, claims)


def _without_credential(user_id: str, public: PublicAccounts) -> Claims:
    bot = public.bots().get(user_id)
    if bot is None:
        return ANONYMOUS
    if bot.is_disabled:
        raise Forbidden(DISABLED)
    return Claims(bots.subject(user_id), "", 0, bot.version)


def _bot(user_id: str, credential: str) -> Claims:
    bot = bots.find_by_credential(user_id, credential)
    if bot is None:
        raise Unauthorized()
    return Claims(bots.subject(user_id), "", 0, bot.version)


def _account(user_id: str, claims: tokens.TokenClaims) -> Claims:
    account = principal.account(claims)
    if account.uuid != user_id:
        raise Forbidden(FOREIGN)
    return account.claims


def _subscriber(user_id: str, claims: tokens.TokenClaims) -> Claims:
    bearer = Claims(subscribers.subject(claims.subject), claims.token_id, claims.expires_at, claims.version)
    if claims.use != tokens.SUBSCRIBER or subscribers.is_revoked(db.session(), bearer):
        raise Unauthorized()
    if claims.subject != user_id:
        raise Forbidden(FOREIGN)
    return bearer


def why_not_connected(app: Flask, public: PublicAccounts, claims: Claims, name: str) -> str | None:
    """The reason to close a socket whose bearer has lost the right to the name; None while it has it."""
    if claims == ANONYMOUS:
        return None
    kind, _, subject = claims.subject.partition(":")
    with app.app_context():
        if kind == "bot":
            # Bots are never deleted: one that the cache lacks, or has in an older version, has just changed.
            bot = public.bots().get(name, NEWEST)
            return "rights_revoked" if bot.is_disabled or bot.version > claims.version else None
        try:
            if kind == "subscriber":
                _subscriber(name, tokens.TokenClaims(tokens.SUBSCRIBER, subject, *claims[1:]))
            else:
                _account(name, tokens.TokenClaims(tokens.ACCOUNT, *claims))
        except DomainError:
            return "logged_out"
        return None

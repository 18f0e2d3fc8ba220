"""Tokens that the command line makes for its calls to the running hub.

Users who can run it with the hub's secrets and database have all rights anyway. The tokens live for a short
time, and each stands in the audit log.
"""

import logging
from collections.abc import Callable
from difflib import get_close_matches
from math import inf
from time import monotonic

import click
from sqlalchemy import select

from app.accounts import service as accounts
from app.auth import clients, subscribers, tokens
from app.auth.models import User
from app.cli.terminal import plain
from app.constellations.models import Membership
from app.extensions import db

TOKEN_SECONDS = 3600  # for streams, which end when their token expires
CALL_SECONDS = 300
MOST_NAMES = 1000
BY = "command line"
audit = logging.getLogger("hub.audit")


class RenewedToken:
    """A token that is made when it is first needed and again before it expires. A token that was `given` is
    never replaced."""

    def __init__(self, make: Callable[[], str], given: str = "", seconds: float = TOKEN_SECONDS / 2) -> None:
        self._make, self._token, self._seconds = make, given, seconds
        self._until = inf if given else 0.0

    def get(self) -> str:
        if monotonic() >= self._until:
            self._token, self._until = self._make(), monotonic() + self._seconds
        return self._token


def find(name: str) -> User:
    """By name or e-mail address; raises ClickException."""
    user = accounts.find_user(name)
    if user is None:
        names = db.session.scalars(select(User.name).limit(MOST_NAMES))
        near = get_close_matches(name, list(names), 1)
        hint = f"is it {plain(near[0])}?" if near else "`flask --app wsgi user create` makes one."
        raise click.ClickException(f"There is no account named {plain(name)}: {hint}")
    return user


def account(user: User, seconds: int = TOKEN_SECONDS) -> str:
    audit.info("token issued", extra={"user": user.uuid, "seconds": seconds, "by": BY})
    return tokens.issue(tokens.ACCOUNT, user.uuid, seconds, user.token_version)


def of_uuid(uuid: str) -> str:
    """A token of the account; raises ClickException when the account was deleted."""
    user = db.session.get(User, uuid)
    if user is None:
        raise click.ClickException("The account is gone.")
    return account(user)


def member(constellation_uuid: str) -> str:
    """A token of the member with the highest rights; raises ClickException when there is no member."""
    query = select(User).join(Membership, Membership.user_uuid == User.uuid)
    highest = query.where(Membership.constellation_uuid == constellation_uuid).order_by(
        Membership.rights.desc(), User.created_at, User.uuid
    )
    user = db.session.scalar(highest.limit(1))
    if user is None:
        raise click.ClickException("The constellation is gone.")
    return account(user)


def find_operator() -> User | None:
    """The oldest account that is an operator."""
    query = select(User).where(User.is_operator).order_by(User.created_at, User.uuid)
    return db.session.scalar(query.limit(1))


def operator() -> str:
    """A token of an operator's account, for calls; raises ClickException without one."""
    user = find_operator()
    if user is None:
        raise click.ClickException(
            "No account is an operator: `flask --app wsgi user admin NAME` makes one, or give --token"
        )
    return account(user, CALL_SECONDS)


def service(seconds: int = clients.TOKEN_SECONDS) -> str:
    """A token of the hub itself as a back end."""
    audit.info("service token issued", extra={"client": clients.INTERNAL, "by": BY})
    return tokens.issue(tokens.SERVICE, clients.INTERNAL, seconds)


def subscriber(external_id: str) -> str:
    return subscribers.issue_token(external_id, BY)


def brief_subscriber(external_id: str, seconds: int) -> str:
    """A token that expires sooner than those for clients."""
    audit.info("subscriber token issued", extra={"recipient": external_id, "by": BY})
    version = subscribers.version_now(external_id)
    return tokens.issue(tokens.SUBSCRIBER, external_id, seconds, version)

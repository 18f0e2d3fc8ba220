"""Bots with their credentials, and the public accounts that every message may mention.

A credential is random (256 bits). A fast hash of it is stored, because a slow one protects only secrets that
can be guessed. A disabled bot keeps its name, so that no other client can speak as it.
"""

import hmac
import logging
import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from time import monotonic
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db.session import transaction
from app.errors import Conflict, Invalid, NotFound
from app.extensions import db, engine
from app.gateway.models import Bot
from app.realtime.engine import Engine

ALWAYS_PUBLIC = frozenset({"ci_bot", "email_bot", "notification_bot", "system_bot"})
CREDENTIAL_PREFIX = "hubbot_"  # tells it from a JWT, and tells scanners for leaked secrets what it is
SUBJECT_PREFIX = "bot:"
CACHE_SECONDS = 0.5
RETRY_SECONDS = 5.0

_NAME = re.compile(r"[A-Za-z0-9_]{1,200}")  # what a mention can name
log = logging.getLogger(__name__)
audit = logging.getLogger("hub.audit")


class Standing(NamedTuple):
    """What a worker caches of a bot; see the columns of `Bot`."""

    version: int
    is_disabled: bool


class PublicAccounts:
    """This worker's cache of the public accounts, good for `CACHE_SECONDS` and until an order comes.

    While the database is away the state that was read last stays in use. `configured` names are public
    whether bots have them or not.
    """

    def __init__(self, engine: Engine, configured: Sequence[str]) -> None:
        self._control = engine.control
        self.configured = ALWAYS_PUBLIC.union(configured)
        self._bots: dict[str, Standing] | None = None
        self._names: frozenset[str] = frozenset()
        self._generation, self._until = -1, 0.0
        self._is_reading = False

    def names(self) -> frozenset[str]:
        self.bots()
        return self._names

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def bots(self) -> dict[str, Standing]:
        """The bots that were made on the command line, by name."""
        is_fresh = self._generation == self._control.generation and monotonic() < self._until
        if self._bots is None or not (is_fresh or self._is_reading):
            self._read()
        return self._bots or {}

    def _read(self) -> None:
        generation, seconds = self._control.generation, CACHE_SECONDS
        self._is_reading = True
        try:
            bots = {bot.name: Standing(bot.version, bot.is_disabled) for bot in list_all()}
            self._bots, self._names = bots, self.configured.union(bots)
        except (DBAPIError, PoolTimeout) as error:
            if self._bots is None:
                raise
            log.warning("bots can't be read: %s", type(error).__name__)
            seconds = RETRY_SECONDS
        finally:
            self._is_reading = False
            db.session.remove()  # the caller may block next, and needs no database connection for that
        self._generation, self._until = generation, monotonic() + seconds


def subject(name: str) -> str:
    """The subject of a bot's claims; that of an account is its bare uuid."""
    return SUBJECT_PREFIX + name


def list_all() -> Sequence[Bot]:
    return db.session.scalars(select(Bot).order_by(Bot.name)).all()


def create(name: str) -> str:
    """A new bot's credential, which is shown this once. Raises Invalid for a bad name, Conflict."""
    if not _NAME.fullmatch(name):
        raise Invalid("name: 1 to 200 ASCII letters, digits and underscores, so that it can be mentioned.")
    credential = _new_credential()
    try:
        with transaction() as session:
            session.add(Bot(name=name, credential_hash=_hash(credential)))
    except IntegrityError as error:
        raise Conflict(f"There is a bot {name} already") from error
    audit.info("bot created", extra={"bot": name})
    engine.invalidate()
    return credential


def renew_credential(name: str) -> str:
    """A new credential; the old one is void, and the bot's socket is closed. Raises NotFound."""
    credential = _new_credential()
    _change(name, "logged_out", credential_hash=_hash(credential))
    audit.info("bot credential renewed", extra={"bot": name})
    return credential


def set_disabled(name: str, is_disabled: bool) -> None:
    """Refuses the bot from now on, or admits it again; closes its socket. Raises NotFound."""
    _change(name, "rights_revoked", is_disabled=is_disabled)
    audit.info("bot disabled" if is_disabled else "bot enabled", extra={"bot": name})


def _change(name: str, reason: str, **values: object) -> None:
    with transaction() as session:
        bot = session.get(Bot, name, with_for_update=True)
        if bot is None:
            raise NotFound(f"There is no bot {name}")
        for column, value in values.items():
            setattr(bot, column, value)
        bot.version += 1
        version = bot.version
    engine.disconnect(reason, user=subject(name), version=version)


def find(name: str) -> Bot | None:
    """The bot of that name, read from the database; None where there is none."""
    return db.session.get(Bot, name) if _NAME.fullmatch(name) else None


def find_by_credential(name: str, credential: str) -> Bot | None:
    """The bot of that name, if the credential is its own and it is not disabled."""
    bot = find(name)
    if bot is None or bot.is_disabled:
        return None
    is_right = hmac.compare_digest(bot.credential_hash, _hash(credential))
    return bot if is_right else None


def _new_credential() -> str:
    return CREDENTIAL_PREFIX + secrets.token_urlsafe(32)


def _hash(credential: str) -> str:
    return sha256(credential.encode(errors="surrogatepass")).hexdigest()

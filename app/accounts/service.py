"""The rules of accounts. Functions raise domain errors and return plain values or users."""

import logging
from typing import Any

from flask import current_app
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import revocation, tokens
from app.auth.models import User
from app.auth.passwords import hash_password, verify_password
from app.auth.principal import Principal
from app.constellations.services import account_deletion
from app.db.session import transaction
from app.errors import Forbidden, Invalid, NotFound, Unauthorized, absent
from app.extensions import db
from app.web.fields import complaint

audit = logging.getLogger("hub.audit")

CLOSED, TAKEN = "Registration is closed", "Name or e-mail address already taken"
WRONG = "Invalid credentials"


def register(name: str | None, email: str, password: str) -> User:
    """A new account; raises Invalid when name or e-mail is taken, Forbidden when registration is closed."""
    if not current_app.config["ALLOW_REGISTRATION"]:
        raise Forbidden(CLOSED)
    return create_user(name or email, email, password)


def create_user(name: str, email: str, password: str, is_operator: bool = False) -> User:
    check_password(password)
    user = User(
        name=name, email=email.lower(), password_hash=hash_password(password), is_operator=is_operator
    )
    try:
        with transaction() as session:
            _require_free(session, {user.name, user.email})
            session.add(user)
    except IntegrityError as error:
        raise Invalid(TAKEN) from error
    audit.info("account registered", extra={"user": user.uuid})
    if is_operator:
        audit.info("operator granted", extra={"user": user.uuid})
    return user


def too_short(least: int) -> str:
    """The sentence that refuses a password of fewer characters."""
    return complaint("password", f"Shorter than minimum length {least}.")


def check_password(password: str) -> None:
    least = current_app.config["PASSWORD_MIN_LENGTH"]
    if len(password) < least:
        raise Invalid(too_short(least))


def _require_free(session: Session, texts: set[str], but: str | None = None) -> None:
    """Raises Invalid where another account has one of the texts as its name or its e-mail address.

    A login takes either, so it would be ambiguous. Names that differ only in case are the same here.
    """
    in_names = func.lower(User.name).in_([func.lower(text) for text in texts])
    taken = select(User.uuid).where(or_(in_names, User.email.in_({text.lower() for text in texts})))
    if but is not None:
        taken = taken.where(User.uuid != but)
    if session.scalar(taken.limit(1)) is not None:
        raise Invalid(TAKEN)


def authenticate(login: str, password: str) -> User:
    """The user with this name or e-mail address; raises Unauthorized, in the same time either way."""
    found = find_user(login)
    uuid, stored = (found.uuid, found.password_hash) if found else (None, None)
    db.session.rollback()  # no connection is held while the hash is computed
    is_right = verify_password(stored, password)
    # Read again: the account may have changed while the hash was computed.
    user = db.session.get(User, uuid) if uuid else None
    if not is_right or user is None or user.password_hash != stored:
        audit.warning("login refused", extra={"login": login[:254]})
        raise Unauthorized(WRONG)
    audit.info("login", extra={"user": user.uuid})
    return user


def find_user(login: str) -> User | None:
    """By e-mail address, else by name."""
    if "\0" in login:
        return None
    user = db.session.scalar(select(User).where(User.email == login.lower()))
    return user or db.session.scalar(select(User).where(User.name == login))


def get_user(uuid: str) -> User:
    user = db.session.get(User, uuid)
    if user is None:
        raise NotFound(absent("User"))
    return user


def change(uuid: str, changes: dict[str, Any]) -> User:
    """Applies name, email and password as given. A new password revokes every token issued so far."""
    password = changes.get("password")
    if password is not None:
        check_password(password)
    hashed = hash_password(password) if password is not None else None
    try:
        with transaction() as session:
            user = _alive(session, uuid)
            user.name = changes.get("name", user.name)
            user.email = changes.get("email", user.email).lower()
            _require_free(session, {user.name, user.email}, but=uuid)
            if hashed is not None:
                user.password_hash = hashed
                user.token_version += 1
    except IntegrityError as error:
        raise Invalid(TAKEN) from error
    fields = sorted({"name", "email"} & changes.keys())
    if fields:
        audit.info("account changed", extra={"user": uuid, "fields": fields})
    if hashed is not None:
        audit.info("password changed", extra={"user": uuid})
        revocation.disconnect_user(uuid, "logged_out", user.token_version)
    return user


def set_operator(uuid: str, is_operator: bool) -> None:
    """Grants or revokes the rights of an operator. Every call reads them, so this holds at once."""
    with transaction() as session:
        session.get_one(User, uuid).is_operator = is_operator
    audit.info("operator granted" if is_operator else "operator revoked", extra={"user": uuid})


def _alive(session: Session, uuid: str) -> User:
    user = session.get(User, uuid, with_for_update=True)
    if user is None:
        raise Unauthorized(tokens.INVALID_OR_EXPIRED)
    return user


def log_out(principal: Principal) -> None:
    revocation.revoke(principal.token_id, principal.expires_at)
    audit.info("logout", extra={"user": principal.uuid})


def delete(uuid: str) -> None:
    """Removes the account and the constellations without another member.

    Raises Invalid while the account is the last ADMIN of a constellation that has other members.
    """
    with transaction() as session:
        publish = account_deletion.remove_account(session, uuid)
        session.delete(_alive(session, uuid))
    revocation.disconnect_user(uuid, "deleted")
    publish()
    audit.info("account deleted", extra={"user": uuid})

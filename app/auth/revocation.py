"""Revoking tokens: in the database, and for open streams by a control order to every worker."""

from time import time

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.auth.models import RevokedToken
from app.db.session import transaction
from app.extensions import engine


def revoke(token_id: str, expires_at: int) -> None:
    """Revokes the token from now on; its streams end with `logged_out`."""
    try:
        with transaction() as session:
            session.execute(delete(RevokedToken).where(RevokedToken.expires_at < int(time())))
            session.add(RevokedToken(jti=token_id, expires_at=expires_at))
    except IntegrityError:
        pass  # revoked twice at once: the first one counts
    engine.disconnect("logged_out", token=token_id)


def disconnect_user(uuid: str, reason: str, version: int = 0) -> None:
    """Ends every stream of the account; with `version`, those whose token has a lower version."""
    engine.disconnect(reason, user=uuid, version=version)

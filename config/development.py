"""Convenient, and bound to loopback: secrets are made at the first start and kept."""

import os
import secrets
from pathlib import Path

from config.base import LOOPBACK_ORIGIN, Base
from config.environment import Environment


class Development(Base):
    NAME = "development"

    def read(self, env: Environment) -> None:
        self.SECRET_KEY = self.SECRET_KEY or kept_secret(self.INSTANCE_PATH, "secret_key")
        self.JWT_SECRET_KEY = self.JWT_SECRET_KEY or kept_secret(self.INSTANCE_PATH, "jwt_secret_key")
        self.CORS_ORIGINS = [*self.CORS_ORIGINS, LOOPBACK_ORIGIN]


def kept_secret(folder: str, name: str) -> str:
    """The secret kept in `folder`, made by whichever process asks first; readable by its owner alone."""
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()

"""For production: a missing secret stops the start, with a message that says what to set."""

from config.base import Base
from config.environment import Environment

HINT = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"


class Production(Base):
    NAME = "production"
    IS_PRODUCTION = True

    def read(self, env: Environment) -> None:
        for name in ("SECRET_KEY", "JWT_SECRET_KEY"):
            value: str = getattr(self, name)
            if not value:
                env.problems.append(f"{name} must be set in production; {HINT}")
            elif len(value) < 32:
                env.problems.append(f"{name} is shorter than 32 characters; {HINT}")
        for name in ("CLIENT_SECRET", "METRICS_TOKEN"):
            if 0 < len(getattr(self, name)) < 16:
                env.problems.append(f"{name} is shorter than 16 characters; {HINT}")
        if not env.text("DATABASE_URL") and not env.text("DATABASE_URL_FILE"):
            env.problems.append(
                "DATABASE_URL must be set in production (postgresql://user:password@host/name)"
            )

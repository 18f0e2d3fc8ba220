"""For the test suite: fixed secrets, no limits unless a test asks for them."""

from config.base import LOOPBACK_ORIGIN, Base
from config.environment import Environment


class Testing(Base):
    NAME = "testing"
    TESTING = True
    PASSWORD_METHOD = "scrypt:256:8:1"  # noqa: S105 - the default takes a tenth of a second for each account

    def read(self, env: Environment) -> None:
        self.SECRET_KEY = self.SECRET_KEY or "a fixed secret that only the tests use"
        self.JWT_SECRET_KEY = self.JWT_SECRET_KEY or "another fixed secret that only the tests use"
        self.CORS_ORIGINS = [*self.CORS_ORIGINS, LOOPBACK_ORIGIN]

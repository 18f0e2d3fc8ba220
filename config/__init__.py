"""Settings, read once from the environment: `load()` picks the class that `APP_CONFIG` names."""

import os
from collections.abc import Mapping

from dotenv import load_dotenv

from config.base import Base
from config.development import Development
from config.environment import ConfigurationError, refusal
from config.production import Production
from config.testing import Testing

CONFIGURATIONS: dict[str, type[Base]] = {
    "development": Development,
    "testing": Testing,
    "production": Production,
}


def load(env: Mapping[str, str] | None = None) -> Base:
    """The settings of this process; raises ConfigurationError that lists every problem."""
    if env is None:
        load_dotenv()
        env = os.environ
    name = env.get("APP_CONFIG") or "development"
    if name not in CONFIGURATIONS:
        known = ", ".join(CONFIGURATIONS)
        raise ConfigurationError([f"APP_CONFIG is '{name}'; it must be one of: {known}"])
    return CONFIGURATIONS[name](env)


__all__ = ["Base", "ConfigurationError", "load", "refusal"]

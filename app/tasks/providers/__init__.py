"""The providers that describe images: `make_provider` makes the one that `AI_PROVIDER` names."""

from collections.abc import Mapping
from typing import Any

from app.tasks.providers.base import Provider
from app.tasks.providers.local import LocalProvider
from app.tasks.providers.openai import OpenAIProvider


def make_provider(config: Mapping[str, Any]) -> Provider:
    """Connects to nothing."""
    if config["AI_PROVIDER"] == "openai":
        return OpenAIProvider(
            config["AI_BASE_URL"], config["AI_API_KEY"], config["AI_MODEL"], config["AI_SECONDS"]
        )
    return LocalProvider()

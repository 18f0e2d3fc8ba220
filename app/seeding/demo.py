"""The demo: the users, the constellation and the bot of the guides. Its passwords are public."""

from pathlib import Path
from typing import Any

import yaml

DEMO = Path(__file__).with_name("demo.yaml")


def demo_users() -> list[dict[str, Any]]:
    """`{name, email, password, operator?}` of each."""
    users: list[dict[str, Any]] = yaml.safe_load(DEMO.read_text(encoding="utf-8"))["users"]
    return users

"""What a check saw, how bad that is, and what to do."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

from app.cli.terminal import plain

SHORTEST_SECRET = 4


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


class Finding(NamedTuple):
    """`advice` is there whenever it is not `OK`."""

    level: Level
    name: str
    seen: str
    advice: str = ""


Check = Callable[[], Iterator[Finding]]


def fine(name: str, seen: str) -> Finding:
    return Finding(Level.OK, name, seen)


def odd(name: str, seen: str, advice: str) -> Finding:
    """It works; somebody should look at it."""
    return Finding(Level.WARNING, name, seen, advice)


def wrong(name: str, seen: str, advice: str) -> Finding:
    return Finding(Level.FAILURE, name, seen, advice)


def judged(name: str, seen: str, advice: str, is_odd: bool) -> Finding:
    """Odd or fine."""
    return odd(name, seen, advice) if is_odd else fine(name, seen)


def carefully(check: Check) -> Iterator[Finding]:
    """Whatever happens to a check, the others are made."""
    try:
        yield from check()
    except Exception as error:
        yield wrong(
            "check", first_line(error), "This check could not be made; the ones before it may say why."
        )


def first_line(error: BaseException) -> str:
    text = plain(str(error).strip().partition("\n")[0]).strip()
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__


class Redaction:
    """Messages of drivers may repeat what they were given; secrets are taken out of them."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = sorted({it for it in secrets if len(it) >= SHORTEST_SECRET}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

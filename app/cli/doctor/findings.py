"""A finding of a check: what it saw, how bad that is, and what to do."""

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
    """`advice` is empty only with level `OK`."""

    level: Level
    name: str
    seen: str
    advice: str = ""


Check = Callable[[], Iterator[Finding]]


def fine(name: str, seen: str) -> Finding:
    return Finding(Level.OK, name, seen)


def odd(name: str, seen: str, advice: str) -> Finding:
    """It works, but it should be looked at."""
    return Finding(Level.WARNING, name, seen, advice)


def wrong(name: str, seen: str, advice: str) -> Finding:
    return Finding(Level.FAILURE, name, seen, advice)


def judged(name: str, seen: str, advice: str, is_odd: bool) -> Finding:
    """Odd or fine."""
    return odd(name, seen, advice) if is_odd else fine(name, seen)


def guarded(check: Check) -> Iterator[Finding]:
    """The check's findings; its exception becomes a finding, so that the other checks still run."""
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
    """Removes secrets from texts: messages of drivers may repeat the URLs they were given."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = sorted({it for it in secrets if len(it) >= SHORTEST_SECRET}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

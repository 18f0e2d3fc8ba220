"""Waiting for something to become true, with a deadline; tests never sleep for a guessed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T],
    timeout: float = 5.0,
    what: str | Callable[[], str] = "",
    interval: float = 0.01,
) -> T:
    """Return the first truthy value of `condition`, asked every `interval` seconds (which grows a little).

    After `timeout` seconds it raises AssertionError with `what` (a callable is asked only then, so that it
    can tell what was there instead).
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        left = deadline - time.monotonic()
        if left <= 0:
            text = what() if callable(what) else what
            raise AssertionError(
                f"not within {timeout:g} s: {text or getattr(condition, '__name__', condition)}"
            )
        gevent.sleep(min(interval, left))
        # Long waits need not burn the processor that the waited-for server needs too.
        interval = min(interval * 1.2, 0.1)

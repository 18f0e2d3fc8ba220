"""Waiting for something to become true, with a deadline; tests never sleep for a guessed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")

STANDSTILL_SECONDS = 0.2


def wait_until(
    condition: Callable[[], T],
    timeout: float = 5.0,
    what: str | Callable[[], str] = "",
    interval: float = 0.01,
) -> T:
    """Return the first truthy value of `condition`, asked every `interval` seconds (which grows a little).

    After `timeout` seconds it raises AssertionError with `what` (a callable is asked only then, so that it
    can tell what was there instead). Time in which this whole process stood still does not count: what was
    to make it true stood still too.
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
        pause = min(interval, left)
        slept = time.monotonic()
        gevent.sleep(pause)
        stood_still = time.monotonic() - slept - pause
        if stood_still > STANDSTILL_SECONDS:
            deadline += stood_still
        # Long waits need not burn the processor that the waited-for server needs too.
        interval = min(interval * 1.2, 0.1)

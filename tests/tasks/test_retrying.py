"""How long to wait before trying again."""

from email.utils import formatdate
from time import time

import pytest

from app.retrying import MOST_SECONDS, backoff, parse_retry_after


@pytest.mark.parametrize(
    ("attempt", "most"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, MOST_SECONDS), (10_000, MOST_SECONDS)]
)
def test_backoff(attempt: int, most: float) -> None:
    waits = [backoff(attempt) for _ in range(200)]
    assert most / 2 <= min(waits) < max(waits) <= most


@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("7", 7), (" 120 ", 120), ("9" * 40, 999_999_999)])
def test_seconds(value: str, seconds: float) -> None:
    assert parse_retry_after(value) == seconds


def test_dates() -> None:
    assert parse_retry_after(formatdate(time() + 60, usegmt=True)) == pytest.approx(60, abs=2)
    assert parse_retry_after(formatdate(time() - 60, usegmt=True)) == 0
    assert parse_retry_after("Fri, 01 Jan 2100 00:00:00 -0000") is not None


@pytest.mark.parametrize(
    "value", [None, "", "soon", "-1", "1.5", "٣", "Fri, 99 Jan 2100", "Fri, 31 Dec 9999 99:99:99"]
)
def test_neither(value: str | None) -> None:
    assert parse_retry_after(value) is None

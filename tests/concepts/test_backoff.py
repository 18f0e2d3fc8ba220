"""How long is waited between two calls."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.concepts.client import retry_after
from app.retrying import backoff


@pytest.mark.parametrize(
    ("tries", "full"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (50, 30), (5000, 30)]
)
def test_doubling_up_to_a_bound_never_under_half(tries: int, full: float) -> None:
    waits = [backoff(tries) for _ in range(500)]
    assert full / 2 <= min(waits) < full * 0.6
    assert full * 0.9 < max(waits) <= full


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 7 ", 7),
        ("300", 300),
        ("99999999999999999999", 300),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2915 07:28:00 GMT", 300),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    assert 18 <= (retry_after(soon) or 0) <= 20

"""The command line's decoder of event streams, compared with the tests' own, which follows the standard."""

from random import Random

import pytest

from app.cli.eventstream import Decoder
from tests.support import sse

LINES = [
    "data: a",
    "data:b",
    "data",
    "data:  ä€😀",
    "event: x",
    "id: 7",
    "id",
    "id: a\0b",
    "retry: 10",
    "retry: x",
]
LINES += [": comment", ":", "nonsense: 1", "", "", "", "\ufeff", "event:", "retry: \u0661"]


@pytest.mark.parametrize("seed", range(40))
def test_both_read_the_same(seed: int) -> None:
    random = Random(seed)
    text = "".join(random.choice(LINES) + random.choice(("\n", "\r", "\r\n")) for _ in range(60))
    mine, theirs = Decoder("0"), sse.Decoder("0")
    rest, found, wanted = text.encode(), [], []
    while rest:
        size = random.randint(1, 9)
        chunk, rest = rest[:size], rest[size:]
        found += mine.feed(chunk)
        wanted += theirs.feed(chunk)
    assert [tuple(it) for it in found] == [(it.name, it.data, it.last_event_id) for it in wanted]
    assert (mine.last_id, mine.comments) == (theirs.last_event_id, len(theirs.comments))
    assert (mine.retry or 0) * 1000 == (theirs.retry or 0)


def test_a_pause_that_nobody_can_mean() -> None:
    decoder = Decoder()
    decoder.feed(b"retry: 10\nretry: " + 5000 * b"9" + b"\n\n")
    assert decoder.retry == 0.01

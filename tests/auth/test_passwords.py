"""Hashing in threads of its own, with a bounded queue."""

import os
from collections.abc import Iterator
from threading import Event
from unittest.mock import patch

import gevent
import pytest
from flask import Flask

from app.auth import passwords
from app.auth.passwords import Hashing
from app.errors import Unavailable

Gate = tuple[int, int]


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Threads that read one byte of the first wait until it is written to the second."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_it_says_when_too_many_wait(gate: Gate) -> None:
    hashing = Hashing(threads=1, most_waiting=2)
    way_in, opener = gate
    inside = [gevent.spawn(hashing.run, os.read, way_in, 1) for _ in range(3)]
    gevent.sleep(0)
    with pytest.raises(Unavailable):
        hashing.run(int)
    os.write(opener, b"xxx")
    gevent.joinall(inside, raise_error=True)
    assert hashing.run(lambda: 5) == 5


def test_a_failure_gives_its_place_back() -> None:
    hashing = Hashing(threads=1, most_waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            hashing.run(lambda: 1 / 0)
    assert hashing.run(lambda: 5) == 5


def test_names_are_looked_up_during_a_flood(app: Flask, gate: Gate) -> None:
    """They are, by gevent, in its own thread pool."""
    size = gevent.get_hub().threadpool.maxsize
    done = Event()
    way_in, opener = gate
    with app.app_context(), patch.object(passwords, "check_password_hash", lambda *_: os.read(way_in, 1)):

        def log_in() -> None:
            with app.app_context():
                passwords.verify_password(None, "x")

        flood = [gevent.spawn(log_in) for _ in range(2 * size)]
        gevent.sleep(0)
        with gevent.Timeout(10, False):  # type: ignore[arg-type]
            gevent.get_hub().threadpool.apply(done.set)
        os.write(opener, b"x" * len(flood))
        gevent.joinall(flood, raise_error=True)
    assert done.is_set()

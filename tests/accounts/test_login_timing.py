"""Logging in and registering take as long for a known name as for an unknown one, with the real hashes."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest
from flask import Flask

from app.auth import passwords
from config.base import Base
from tests.cast import PASSWORD, Person, made

ROUNDS = 9


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["PASSWORD_METHOD"] = Base.PASSWORD_METHOD
    passwords.prepare(app)
    return app


@pytest.fixture
def dora(app: Flask, nobody: Person) -> Person:
    """A person whose password is hashed as in production."""
    account = {"name": "Dora", "email": "dora@example.org", "password": PASSWORD}
    return Person(app, made(nobody.post("/register", json=account))["user_uuid"], "Dora", "")


def ratio(known: Callable[[], object], unknown: Callable[[], object]) -> float:
    """Of the medians. In turns, so that what else the machine does hits both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for call, taken in zip((known, unknown), times, strict=True):
            began = perf_counter()
            call()
            taken.append(perf_counter() - began)
    assert min(map(median, times)) > 0.01, "that was no real hash"
    return median(times[0]) / median(times[1])


@pytest.mark.parametrize(
    ("path", "known", "unknown"),
    [
        ("/login", {"name": "Dora"}, {"name": "Nobody"}),
        ("/login", {"name": "Dora"}, {"name": "No\0body"}),
        ("/login", {"email": "dora@example.org"}, {"email": "nobody@example.org"}),
        ("/api/auth/login", {"email": "dora@example.org"}, {"email": "nobody@example.org"}),
    ],
)
def test_logging_in(
    nobody: Person, dora: Person, path: str, known: dict[str, str], unknown: dict[str, str]
) -> None:
    def attempt(who: dict[str, str]) -> None:
        assert nobody.post(path, json={**who, "password": "wrong"}).status_code == 401

    # Noise only makes one worse, a difference is there each time.
    assert any(0.5 < ratio(lambda: attempt(known), lambda: attempt(unknown)) < 2 for _ in range(3))


def test_registering(nobody: Person, dora: Person) -> None:
    names = iter(range(ROUNDS))

    def register(name: str, status: int) -> None:
        account = {"name": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert nobody.post("/register", json=account).status_code == status

    known = ratio(lambda: register("Dora", 400), lambda: register(f"new{next(names)}", 201))
    assert 0.5 < known < 2

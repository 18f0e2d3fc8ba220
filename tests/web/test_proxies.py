"""TRUSTED_PROXIES: whose word counts for the caller's address and for the hub's own origin."""

import pytest
from flask import Flask, jsonify, request

from app.auth.principal import is_allowed_origin
from tests.cast import MakeApp

FORWARDED = {
    "X-Forwarded-For": "203.0.113.9, 192.0.2.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "hub.example",
}


def seen(app: Flask) -> tuple[str, bool]:
    """The address, and whether pages of https://hub.example are the hub's own."""

    @app.get("/seen")
    def show() -> object:
        return jsonify([request.remote_addr, is_allowed_origin("https://hub.example")])

    address, is_own = app.test_client().get("/seen", headers=FORWARDED).get_json()
    return address, is_own


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [("", ("127.0.0.1", False)), ("0", ("127.0.0.1", False)), ("1", ("192.0.2.7", True))],
)
def test_only_that_many_are_trusted(make_app: MakeApp, trusted: str, expected: tuple[str, bool]) -> None:
    assert seen(make_app(TRUSTED_PROXIES=trusted)) == expected

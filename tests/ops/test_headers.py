"""The headers that every response has."""

import pytest
from flask import Flask

from tests.conftest import MakeApp

PATHS = ["/health/live", "/nowhere", "/api/auth/me", "/sse/updates/x"]


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_not_sniffed_framed_or_referred_from(app: Flask, path: str) -> None:
    headers = app.test_client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers.getlist("Content-Security-Policy") == ["default-src 'none'; frame-ancestors 'none'"]


def test_each_request_has_an_id_of_its_own(app: Flask) -> None:
    client = app.test_client()
    ids = {client.get("/health/live").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


def test_an_id_from_anybody_is_not_believed(app: Flask) -> None:
    answer = app.test_client().get("/health/live", headers={"X-Request-ID": "mine"})
    assert answer.headers["X-Request-ID"] != "mine"


def test_a_proxys_id_is_kept(make_app: MakeApp) -> None:
    client = make_app(TRUSTED_PROXIES="1").test_client()
    answer = client.get("/health/live", headers={"X-Request-ID": "from-nginx.1"})
    assert answer.headers["X-Request-ID"] == "from-nginx.1"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "é", "<script>"])
def test_a_proxys_id_that_is_none_is_replaced(make_app: MakeApp, given: str) -> None:
    client = make_app(TRUSTED_PROXIES="1").test_client()
    made = client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert made and made != given

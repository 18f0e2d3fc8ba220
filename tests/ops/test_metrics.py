"""GET /metrics in one process: its formats, who may read it, and what is counted."""

from collections.abc import Iterable

import pytest
from flask import Flask
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain
from werkzeug.test import TestResponse

from app.ops.metrics.families import FAMILIES
from tests.cast import NOBODY, MakeApp, Person, make_constellation

JSON = {"active_connections": 0, "service": "websocket-sse-server"}
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
TOKEN = "a token of the scraper's own"
PRODUCTION = {
    "APP_CONFIG": "production",
    "SECRET_KEY": "s" * 32,
    "JWT_SECRET_KEY": "j" * 32,
    "TASK_SERVICE": "embedded",
}

Numbers = dict[tuple[str, ...], float]
"""By the name of a sample and the values of its labels, in the order in which they are shown."""


def scrape(app: Flask, accept: str = "text/plain", token: str = "") -> TestResponse:
    headers = {"Accept": accept, **({"Authorization": f"Bearer {token}"} if token else {})}
    return app.test_client().get("/metrics", headers=headers)


def numbers(families: Iterable[Metric]) -> Numbers:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def read(app: Flask) -> Numbers:
    return numbers(parse_plain(scrape(app).text))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("application/json, text/plain, */*", "application/json"),  # a family's client in a browser
        ("text/plain;q=0, */*", "application/json"),
        ("garbage;;;q=,", "application/json"),
        ("text/plain", PLAIN),
        ("TEXT/PLAIN ; q=0.1, */*", PLAIN),
        ("application/json;q=0.5, text/plain", PLAIN),
        ("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.2", PLAIN),
        ("application/openmetrics-text", OPENMETRICS),
        (PROMETHEUS, OPENMETRICS),
    ],
)
def test_accept_chooses_the_form(app: Flask, accept: str, content_type: str) -> None:
    response = scrape(app, accept)
    assert (response.status_code, response.headers["Content-Type"]) == (200, content_type)
    assert response.headers["Vary"] == "Accept"
    if content_type == "application/json":
        assert response.get_json() == JSON


def test_parsers_accept_both_forms(app: Flask) -> None:
    app.test_client().get("/health")
    plain = list(parse_plain(scrape(app).text))
    openmetrics = list(parse_openmetrics(scrape(app, "application/openmetrics-text").text))
    for families in (plain, openmetrics):
        assert [(family.name, family.type) for family in families] == [(f.name, f.kind) for f in FAMILIES]
        assert all(family.documentation for family in families)
        found = numbers(families)
        assert found["hub_workers",] == 1
        assert found["hub_http_requests_total", "GET", "/health", "200"] == 1
        assert found["hub_resident_memory_bytes",] > 1e6
        assert found["hub_open_fds",] > 1
    assert {family.unit for family in openmetrics} == {"", "seconds", "bytes"}


def test_requests_are_counted_by_their_rule(app: Flask, alice: Person) -> None:
    for _ in range(3):
        alice.get(f"/users/{alice.uuid}")
    alice.get(f"/users/{NOBODY}")
    found = read(app)
    rule = "/users/<user_uuid>"
    assert found["hub_http_requests_total", "GET", rule, "200"] == 3
    assert found["hub_http_requests_total", "GET", rule, "404"] == 1
    assert found["hub_http_request_duration_seconds_count", "GET", rule] == 4
    buckets = [value for key, value in found.items() if key[:3] == (f"{DURATION}_bucket", "GET", rule)]
    assert buckets == sorted(buckets) and buckets[-1] == 4
    assert 0 < found[f"{DURATION}_sum", "GET", rule] < 60


DURATION = "hub_http_request_duration_seconds"


def test_nobody_can_make_series(app: Flask) -> None:
    client = app.test_client()

    def call(number: int) -> None:
        client.get(f"/{number}/nowhere?{number}")
        client.open(f"/constellations/{number}", method=f"M{number}")
        client.open("/health", method="PROPFIND")
        client.get(f"/users/{number}")

    call(0)
    before = set(read(app))
    for number in range(1000):
        call(number)
    after = read(app)
    assert set(after) - before <= {key for key in after if "/metrics" in key}
    assert after["hub_http_requests_total", "GET", "unmatched", "404"] == 1001
    assert after["hub_http_requests_total", "other", "unmatched", "405"] == 2002


def test_a_stream_is_counted_while_it_is_open_and_at_its_end(app: Flask, alice: Person) -> None:
    uuid = make_constellation(alice).uuid
    response = alice.get(f"/sse/updates/{uuid}")
    opening = next(response.iter_encoded())
    rule = "/sse/updates/<constellation_uuid>"
    found = read(app)
    assert found["hub_http_requests_total", "GET", rule, "200"] == 1
    assert found[f"{DURATION}_sum", "GET", rule] < 30
    assert (found["hub_streams",], found["hub_streams_opened_total",]) == (1, 1)
    response.close()
    found = read(app)
    assert (found["hub_streams",], found["hub_streams_opened_total",]) == (0, 1)
    assert found["hub_streams_ended_total", "client_gone"] == 1
    assert found["hub_stream_written_bytes_total",] in (
        0,
        len(opening),
    )  # depends on whether the server has taken the next chunk


@pytest.mark.parametrize(("cursor", "verdict"), [("garbage", "unknown_cursor"), ("abcdef.1", "history_lost")])
def test_reconnections_and_verdicts(app: Flask, alice: Person, cursor: str, verdict: str) -> None:
    uuid = make_constellation(alice).uuid
    for headers in ({}, {"Last-Event-ID": cursor}):
        with alice.get(f"/sse/updates/{uuid}", headers=headers) as response:
            assert next(response.iter_encoded())
    found = read(app)
    assert found["hub_stream_reconnections_total",] == 1
    assert found["hub_stream_verdicts_total", verdict] == 1


def test_streams_that_are_sent_away(make_app: MakeApp, alice: Person) -> None:
    app = make_app(MAX_STREAMS="1")
    uuid = make_constellation(alice).uuid
    caller = Person(app, alice.uuid, alice.name, alice.token)
    with caller.get(f"/sse/updates/{uuid}") as held, caller.get(f"/sse/updates/{uuid}"):
        assert held.status_code == 200
        assert read(app)["hub_streams_refused_total", "overloaded"] == 1


def test_published_events_are_counted(app: Flask, alice: Person) -> None:
    uuid = make_constellation(alice).uuid
    before = read(app)["hub_events_published_total",]
    assert alice.post(f"/sse/notify/{uuid}", data=b"hello").status_code == 200
    assert alice.patch(f"/constellations/{uuid}", json={"name": "Lyra"}).status_code == 200
    assert read(app)["hub_events_published_total",] == before + 2


# Who may read it


def test_production_shows_the_numbers_to_nobody(make_app: MakeApp) -> None:
    app = make_app(**PRODUCTION)
    for response in (scrape(app), scrape(app, PROMETHEUS, TOKEN)):
        assert response.status_code == 403
        assert "METRICS_TOKEN" in response.get_json()["error"]
    assert scrape(app, "*/*").get_json() == JSON


@pytest.mark.parametrize("settings", [{}, PRODUCTION], ids=["testing", "production"])
def test_a_token_that_is_set_is_needed(make_app: MakeApp, settings: dict[str, str]) -> None:
    app = make_app(**settings, METRICS_TOKEN=TOKEN)
    for token in ("", "another", TOKEN[:-1], f"{TOKEN}x", "größe"):
        response = scrape(app, "text/plain", token)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert response.get_json()["status"] == 401
    assert scrape(app, "text/plain", TOKEN).status_code == 200
    assert scrape(app, "").get_json() == JSON

"""GET /sse/updates/{constellation_uuid}: the stream as an HTTP answer (what flows on it: tests/realtime)."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.cast import MALFORMED, NOBODY, MakeApp, Person
from tests.support.sse import Decoder


def first_blocks(response: TestResponse) -> bytes:
    """The first chunk of a stream, which is then left."""
    try:
        return next(response.iter_encoded())
    finally:
        response.close()


def test_a_stream_opens_with_its_headers_and_a_cursor(alice: Person, workspace: str) -> None:
    response = alice.get(f"/sse/updates/{workspace}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache, no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    decoder = Decoder()
    assert decoder.feed(first_blocks(response)) == []
    assert decoder.last_event_id and decoder.retry and decoder.comments


def test_the_token_may_stand_in_the_query(app: Flask, bob: Person, workspace: str) -> None:
    path = f"/sse/updates/{workspace}?token="
    assert app.test_client().get(path + bob.token).status_code == 200
    assert app.test_client().get(path + "garbage").status_code == 401
    assert app.test_client().get(path).status_code == 401


def test_only_streams_take_it_there(app: Flask, bob: Person, workspace: str) -> None:
    for path in (f"/constellations/{workspace}", "/constellations", f"/structure/{workspace}"):
        assert app.test_client().get(f"{path}?token={bob.token}").status_code == 401


@pytest.mark.parametrize("uuid", [*MALFORMED, NOBODY])
def test_what_does_not_exist_is_absent_also_when_malformed(alice: Person, uuid: str) -> None:
    response = alice.get(f"/sse/updates/{uuid}")
    assert (response.status_code, response.json["status"]) == (404, 404)


@pytest.mark.parametrize(
    ("headers", "query", "verdict"),
    [
        ({"Last-Event-ID": "HERE"}, "", "stream.resumed"),
        ({}, "?lastEventId=HERE", "stream.resumed"),
        ({}, "?last_event_id=HERE", "stream.resumed"),
        ({"Last-Event-ID": "HERE"}, "?lastEventId=garbage", "stream.resumed"),
        ({"Last-Event-ID": "garbage"}, "?lastEventId=HERE", "stream.reset"),
        ({"Last-Event-ID": ""}, "?last_event_id=HERE", "stream.resumed"),
    ],
)
def test_where_a_cursor_may_stand(
    alice: Person, workspace: str, headers: dict[str, str], query: str, verdict: str
) -> None:
    path = f"/sse/updates/{workspace}"
    decoder = Decoder()
    decoder.feed(first_blocks(alice.get(path)))
    here = decoder.last_event_id
    headers = {name: value.replace("HERE", here) for name, value in headers.items()}
    response = alice.get(path + query.replace("HERE", here), headers=headers)
    assert [event.name for event in Decoder().feed(first_blocks(response))] == [verdict]


def test_over_the_limit_it_is_sent_away_with_a_status_that_eventsource_survives(
    make_app: MakeApp, alice: Person, workspace: str
) -> None:
    headers = {"Authorization": f"Bearer {alice.token}"}
    for setting in ({"RATELIMIT_ENABLED": "1", "RATELIMIT_STREAMS": "1/hour"}, {"MAX_STREAMS": "1"}):
        client = make_app(**setting).test_client()
        kept = client.get(f"/sse/updates/{workspace}", headers=headers)
        refused = client.get(f"/sse/updates/{workspace}", headers=headers)
        decoder = Decoder()
        events = decoder.feed(refused.data)
        assert refused.status_code == 200
        assert [(event.name, event.data) for event in events] == [
            ("stream.closed", '{"reason": "overloaded"}')
        ]
        assert decoder.retry is not None and 10_000 <= decoder.retry <= 30_000
        kept.close()
        stranger = client.get(f"/sse/updates/{workspace}", headers={"Authorization": "Bearer x"})
        assert stranger.status_code == 401


def test_every_open_stream_is_counted_once(app: Flask, alice: Person, workspace: str) -> None:
    hub = app.extensions["engine"].hub
    streams = [alice.get(f"/sse/updates/{workspace}") for _ in range(3)]
    assert hub.stream_count == 3
    headers = {"Authorization": f"Bearer {alice.token}"}
    assert app.test_client().head(f"/sse/updates/{workspace}", headers=headers).status_code == 200
    assert hub.stream_count == 3
    for stream in streams:
        stream.close()
    assert hub.stream_count == 0

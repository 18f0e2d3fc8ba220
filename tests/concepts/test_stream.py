"""GET /api/ad-concepts/{id}/stream: the stream as an HTTP answer, and what flows on it."""

import json
from typing import Any

import pytest
from flask import Flask
from gevent.event import Event
from werkzeug.test import TestResponse

from app.auth import revocation, tokens
from app.realtime.claims import Claims
from tests.cast import Person
from tests.concepts.conftest import PATH, held, submit, wait_finished
from tests.support.sse import Decoder, ServerEvent
from tests.support.task_service import Reply, TaskService


def watch(person: Person, concept: str, query: str = "", **options: Any) -> TestResponse:
    response = person.get(f"{PATH}/{concept}/stream{query}", **options)
    assert response.status_code == 200, response.text
    return response


def whole(response: TestResponse) -> list[ServerEvent]:
    """All events of a stream that ends."""
    with response:
        return Decoder().feed(response.data)


def data(events: list[ServerEvent]) -> list[Any]:
    return [json.loads(event.data) for event in events]


def test_a_stream_opens_with_its_headers_and_the_concept(alice: Person, plant: Any) -> None:
    concept = plant(alice, task_id="t1", version=3, job=held())
    response = watch(alice, concept.id)
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache, no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    (event,) = Decoder().feed(next(response.iter_encoded()))
    response.close()
    assert (event.name, event.last_event_id) == ("concept-update", "3")
    assert json.loads(event.data) == {"id": concept.id, "task_id": "t1", "status": "pending"}


@pytest.mark.parametrize(("query", "name"), [("", "concept-update"), ("?event=message", "message")])
def test_each_change_and_the_end(alice: Person, service: TaskService, query: str, name: str) -> None:
    hold = Event()
    service.then("GET", Reply(200, {"status": "processing"}, wait_for=hold))
    begun = submit(alice, "ad-1")
    response = watch(alice, begun["id"], query)
    blocks = response.iter_encoded()
    events = (decoder := Decoder()).feed(next(blocks))
    hold.set()
    for block in blocks:
        events += decoder.feed(block)
    assert [event.name for event in events] == [name] * 3
    assert [int(event.last_event_id) for event in events] == [2, 3, 4]
    assert [one["status"] for one in data(events)] == ["pending", "processing", "completed"]
    assert data(events)[-1]["concept_json"]["ad"] == "ad-1"
    assert {one["id"] for one in data(events)} == {begun["id"]}


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"status": "completed", "concept_json": '{"title":"x"}'}, {"concept_json": {"title": "x"}}),
        ({"status": "failed", "error": "no luck"}, {"error": "no luck"}),
    ],
)
def test_of_a_finished_one_it_is_the_snapshot_and_the_end(
    alice: Person, plant: Any, values: dict[str, Any], shown: dict[str, Any]
) -> None:
    concept = plant(alice, version=5, task_id="t1", **values)
    (event,) = whole(watch(alice, concept.id))
    expected = {"id": concept.id, "task_id": "t1", "status": values["status"], **shown}
    assert (json.loads(event.data), event.last_event_id) == (expected, "5")


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Last-Event-ID": "5"}, "", 204),
        ({}, "?lastEventId=5", 204),
        ({}, "?last_event_id=5", 204),
        ({"Last-Event-ID": "4"}, "?lastEventId=5", 200),
        ({"Last-Event-ID": "4"}, "", 200),
        ({"Last-Event-ID": "05"}, "", 200),
        ({"Last-Event-ID": "x"}, "", 200),
        ({}, "", 200),
    ],
)
def test_who_knows_the_end_is_told_not_to_come_back(
    alice: Person, plant: Any, headers: dict[str, str], query: str, status: int
) -> None:
    concept = plant(alice, status="failed", version=5)
    response = alice.get(f"{PATH}/{concept.id}/stream{query}", headers=headers)
    assert response.status_code == status
    assert len(Decoder().feed(response.data)) == (status == 200)


def test_who_knows_the_last_version_of_an_unfinished_one_gets_it_again(alice: Person, plant: Any) -> None:
    concept = plant(alice, version=2, job=held())
    response = watch(alice, concept.id, headers={"Last-Event-ID": "2"})
    assert Decoder().feed(next(response.iter_encoded()))
    response.close()


def test_after_a_retry_it_goes_on(alice: Person, plant: Any) -> None:
    concept = plant(alice, status="failed", version=5)
    assert alice.post(f"{PATH}/{concept.id}/retry").status_code == 202
    events = whole(watch(alice, concept.id, headers={"Last-Event-ID": "5"}))
    assert data(events)[-1]["status"] == "completed"
    assert all(int(event.last_event_id) > 5 for event in events)


def test_the_cookie_is_enough(app: Flask, alice: Person, plant: Any) -> None:
    concept = plant(alice, status="failed")
    client = app.test_client()
    client.set_cookie("auth_token", alice.token)
    headers = {"Origin": "https://evil.example"}  # reads nothing: CORS keeps the answer from the page
    response = client.get(f"{PATH}/{concept.id}/stream", headers=headers)
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers


def test_the_token_may_stand_in_the_query(app: Flask, alice: Person, plant: Any) -> None:
    concept = plant(alice, status="failed")
    client = app.test_client()
    assert client.get(f"{PATH}/{concept.id}/stream?token={alice.token}").status_code == 200
    assert client.get(f"{PATH}/{concept.id}/stream?token=garbage").status_code == 401
    assert client.get(f"{PATH}/{concept.id}?token={alice.token}").status_code == 401


@pytest.mark.parametrize("reason", ["logged_out", "deleted", "token_expired"])
def test_it_ends_with_its_token(app: Flask, alice: Person, plant: Any, reason: str) -> None:
    concept = plant(alice, job=held())
    if reason == "token_expired":
        with app.app_context():
            alice.token = tokens.issue(tokens.ACCOUNT, alice.uuid, 4)
    blocks = watch(alice, concept.id).iter_encoded()
    next(blocks)
    with app.app_context():
        if reason == "logged_out":
            claims = tokens.read(alice.token)
            revocation.revoke(claims.token_id, claims.expires_at)
        elif reason == "deleted":
            assert alice.delete("/users").status_code == 200
    (event,) = Decoder().feed(b"".join(blocks))
    assert (event.name, event.data) == ("stream.closed", f'{{"reason": "{reason}"}}')


def test_rights_are_checked_again_for_streams_that_orders_may_have_missed(
    app: Flask, alice: Person, bob: Person, plant: Any
) -> None:
    why = app.extensions["engine"].broker.kinds.of("concept:x").authorizer
    concept = plant(alice)
    topics = (f"concept:{concept.id}", f"concept:{concept.id}:messages")
    with app.app_context():
        claims = [tokens.read(person.token) for person in (alice, bob)]
    hers, his = (Claims(one.subject, one.token_id, one.expires_at, one.version) for one in claims)
    assert [why(hers, topic) for topic in topics] == [None, None]
    assert [why(his, topic) for topic in topics] == ["rights_revoked"] * 2
    alice.delete("/users")
    assert [why(hers, topic) for topic in topics] == ["logged_out"] * 2
    assert [why(his, topic) for topic in topics] == ["deleted"] * 2


def test_nothing_is_left_of_a_stream_that_ended(app: Flask, alice: Person) -> None:
    engine = app.extensions["engine"]
    begun = submit(alice)
    wait_finished(alice, begun["id"])
    for query in ("", "?event=message"):
        whole(watch(alice, begun["id"], query))
    assert engine.hub.stream_count == 0
    assert not engine.hub.tokens and not len(engine.heartbeats)

"""POST /sse/notify/{constellation_uuid}: what is published, and who may."""

from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.event import Position, unpack
from tests.cast import MALFORMED, NOBODY, MakeApp, Person

SENT = {"status": "success", "message": "Notification sent to clients"}


def published(app: Flask, uuid: str) -> list[str]:
    broker, topic = app.extensions["engine"].broker, f"constellation:{uuid}"
    page = broker.read(topic, Position(broker.top(topic).epoch, 0))
    return [unpack(payload).data for _, payload in page.events]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"a":  1}',
        b"not json",
        "größe 🎉".encode(),
        b"a\r\nb\rc\n",
        b"\x00",
        b" " * 5,
        b"x" * 1024 * 1024,
    ],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
def test_the_body_is_published_as_it_is(
    app: Flask, alice: Person, workspace: str, body: bytes, content_type: str | None
) -> None:
    response = alice.post(f"/sse/notify/{workspace}", data=body, content_type=content_type)
    assert (response.status_code, response.json) == (200, SENT)
    assert published(app, workspace) == [body.decode()]


@pytest.mark.parametrize("body", [b"\xff", b"\xed\xa0\x80", b"ok \xc3"], ids=repr)
def test_a_body_that_is_not_utf8_is_refused(app: Flask, alice: Person, workspace: str, body: bytes) -> None:
    response = alice.post(f"/sse/notify/{workspace}", data=body)
    assert (response.status_code, response.json["status"]) == (400, 400)
    assert published(app, workspace) == []


def test_a_body_that_is_too_large_is_refused(app: Flask, alice: Person, workspace: str) -> None:
    response = alice.post(f"/sse/notify/{workspace}", data=b"x" * (1024 * 1024 + 1))
    assert (response.status_code, response.json["status"]) == (413, 413)
    assert published(app, workspace) == []


@pytest.mark.parametrize("uuid", [*MALFORMED, NOBODY])
def test_what_does_not_exist_is_absent_also_when_malformed(alice: Person, uuid: str) -> None:
    assert alice.post(f"/sse/notify/{uuid}", data=b"x").status_code == 404


def test_deployments_may_ask_for_more_than_access(
    make_app: MakeApp, alice: Person, bob: Person, workspace: str
) -> None:
    strict = make_app(NOTIFY_MIN_RIGHTS="WRITE")
    for person, status in ((alice, 200), (bob, 403)):
        headers = {"Authorization": f"Bearer {person.token}"}
        response = strict.test_client().post(f"/sse/notify/{workspace}", data=b"x", headers=headers)
        assert response.status_code == status


def test_lowered_rights_count_at_once(make_app: MakeApp, alice: Person, bob: Person, workspace: str) -> None:
    client = make_app(NOTIFY_MIN_RIGHTS="WRITE").test_client()

    def as_(person: Person, path: str, **body: Any) -> int:
        return client.post(path, headers={"Authorization": f"Bearer {person.token}"}, **body).status_code

    for rights, status in (("WRITE", 200), ("READ", 403), ("ADMIN", 200), ("COMMENT", 403)):
        wanted = {"user_uuid": bob.uuid, "rights": rights}
        assert as_(alice, f"/constellations/{workspace}/connect", json=wanted) == 200
        assert as_(bob, f"/sse/notify/{workspace}", data=b"x") == status
    gone = {"user_uuid": bob.uuid}
    assert as_(alice, f"/constellations/{workspace}/disconnect", json=gone) == 200
    assert as_(bob, f"/sse/notify/{workspace}", data=b"x") == 403


def test_a_revoked_token_is_refused_at_once(bob: Person, workspace: str) -> None:
    assert bob.post(f"/sse/notify/{workspace}", data=b"x").status_code == 200
    assert bob.post("/logout").status_code == 200
    assert bob.post(f"/sse/notify/{workspace}", data=b"x").status_code == 401


def test_without_a_broker_it_says_when_to_try_again(app: Flask, alice: Person, workspace: str) -> None:
    with patch.object(app.extensions["engine"].broker, "publish", side_effect=BrokerUnavailable("away")):
        response = alice.post(f"/sse/notify/{workspace}", data=b"x")
    assert (response.status_code, response.json["status"]) == (503, 503)
    assert response.headers["Retry-After"].isdigit()


def test_publishing_is_limited_per_token(
    make_app: MakeApp, alice: Person, bob: Person, workspace: str
) -> None:
    client = make_app(RATELIMIT_ENABLED="1", RATELIMIT_PUBLISH="2/hour").test_client()
    statuses = [
        client.post(f"/sse/notify/{workspace}", headers={"Authorization": f"Bearer {person.token}"})
        for person in (alice, alice, alice, bob)
    ]
    assert [response.status_code for response in statuses] == [200, 200, 429, 200]
    refused = statuses[2]
    assert refused.json["status"] == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["RateLimit-Limit"] == "2" and refused.headers["RateLimit-Remaining"] == "0"

"""POST /api/ad-concepts."""

from threading import Thread
from typing import Any

import pytest
from flask import Flask

from app.concepts.meters import task_meters_part
from tests.bodies import BAD_BODIES, NOT_TEXTS
from tests.cast import MakeApp, Person, assert_refused
from tests.concepts.conftest import IMAGE, PATH, Planted, show, submit, wait_finished, wait_settled
from tests.support.task_service import Reply, TaskService
from tests.support.wait import wait_until

WRONG_TYPES = [value for value in NOT_TEXTS if value is not None]


def test_a_concept_is_begun(alice: Person, service: TaskService) -> None:
    response = alice.post(PATH, json={"ad_archive_id": "ad-1", "image_url": IMAGE})
    body = response.get_json()
    assert response.status_code == 201
    assert body == {
        "id": body["id"],
        "task_id": "t0",
        "status": "pending",
        "ad_archive_id": "ad-1",
        "sse_url": f"{PATH}/{body['id']}/stream",
    }
    assert (service.tasks["t0"].ad_archive_id, service.tasks["t0"].image_url) == ("ad-1", IMAGE)


@pytest.mark.both_databases
def test_it_is_completed_without_a_watcher(app: Flask, alice: Person) -> None:
    begun = submit(alice, "ad-1")
    found = wait_finished(alice, begun["id"])
    assert (found["status"], found["concept_json"]["ad"]) == ("completed", "ad-1")
    wait_settled(app)


def test_the_same_ad_again_is_the_same_concept(alice: Person, service: TaskService) -> None:
    first = submit(alice, "ad-1")
    wait_finished(alice, first["id"])
    response = alice.post(PATH, json={"ad_archive_id": "ad-1", "image_url": "https://example.org/other.png"})
    assert response.status_code == 200
    assert response.get_json() == {**first, "status": "completed"}
    assert len(service.tasks) == 1
    assert show(alice, first["id"])["image_url"] == IMAGE


def test_another_user_gets_another_concept(alice: Person, bob: Person) -> None:
    assert submit(alice, "ad-1")["id"] != submit(bob, "ad-1")["id"]


def test_one_that_failed_is_begun_again_in_place(alice: Person, plant: Any) -> None:
    failed: Planted = plant(alice, status="failed", error="no luck", task_id="old")
    body = {"ad_archive_id": failed.ad, "image_url": "https://example.org/better.png"}
    response = alice.post(PATH, json=body)
    assert (response.status_code, response.get_json()["id"]) == (201, failed.id)
    found = wait_finished(alice, failed.id)
    assert (found["attempts"], found["status"], "error" in found) == (2, "completed", False)
    assert found["image_url"] == body["image_url"]


@pytest.mark.both_databases
def test_two_at_once_are_one_concept(alice: Person, service: TaskService) -> None:
    answers: list[Any] = []
    body = {"ad_archive_id": "ad-1", "image_url": IMAGE}
    threads = [Thread(target=lambda: answers.append(alice.post(PATH, json=body))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    assert len(service.submitted()) == 1


# What the service may do


def test_unreachable(alice: Person, app: Flask, service: TaskService) -> None:
    service.go_away()
    body = {"ad_archive_id": "ad-1", "image_url": IMAGE}
    answer = alice.post(PATH, json=body)
    told = answer.get_json()
    assert (answer.status_code, told["status"]) == (502, 502)
    assert told["error"] == "The task service is unreachable"
    found = show(alice, told["id"])
    assert (found["status"], found["error"]) == ("failed", told["error"])
    assert told["ad_archive_id"] == "ad-1"
    wait_settled(app)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"oops"),
        Reply(503, {}),
        Reply(202, b"oops"),
        Reply(202, {}),
        Reply(202, {"task_id": 5}),
        Reply(202, {"task_id": "x" * 201}),
        Reply(202, {"task_id": ".."}),
        Reply(202, {"task_id": "a\0b"}),
        Reply(202, b"[]"),
        Reply(302, {}, (("Location", "/elsewhere"),)),
        Reply(400, {"error": "image_url: no such host"}),
        Reply(401, {}),
        Reply(404, {}),
        Reply(202, b'{"task_id": "' + b"x" * 1_100_000 + b'"}'),
        Reply(202, b"x", (("Content-Encoding", "gzip"),)),
    ],
    ids=lambda reply: f"{reply.status} {str(reply.body)[:25]}",
)
def test_an_answer_that_is_none(alice: Person, service: TaskService, reply: Reply) -> None:
    service.then("POST", reply)
    answer = alice.post(PATH, json={"ad_archive_id": "ad-1", "image_url": IMAGE})
    assert answer.status_code == 502
    found = show(alice, answer.get_json()["id"])
    assert (found["status"], found["error"]) == ("failed", answer.get_json()["error"])
    assert len(service.submitted()) == 1


def test_a_refusal_says_why(alice: Person, service: TaskService) -> None:
    service.then("POST", Reply(400, {"error": "image_url:\n no such\x1b host"}))
    answer = alice.post(PATH, json={"ad_archive_id": "ad-1", "image_url": IMAGE})
    assert answer.get_json()["error"] == "The task service refused the task: image_url: no such host"


def test_too_slow(make_app: MakeApp, alice: Person, service: TaskService) -> None:
    alice.app = make_app(EXTERNAL_API_URL=service.url, TASK_TIMEOUT_SECONDS="1")
    service.then("POST", Reply(202, {"task_id": "late"}, seconds=1.5))
    answer = alice.post(PATH, json={"ad_archive_id": "ad-1", "image_url": IMAGE})
    told = answer.get_json()
    assert (answer.status_code, told["status"]) == (504, 504)
    assert show(alice, told["id"])["status"] == "failed"


def test_busy_is_no_failure(alice: Person, service: TaskService) -> None:
    service.then("POST", Reply(429, {}, (("Retry-After", "1"),)))
    begun = submit(alice)
    assert (begun["status"], begun["task_id"]) == ("pending", None)
    assert wait_finished(alice, begun["id"])["status"] == "completed"
    first, second = service.submitted()
    assert second.at - first.at >= 1.0


def test_a_service_that_is_down_is_not_asked_by_every_submission(
    app: Flask, alice: Person, service: TaskService
) -> None:
    service.go_away()
    body = {"image_url": IMAGE}
    for number in range(8):
        assert alice.post(PATH, json={**body, "ad_archive_id": f"ad-{number}"}).status_code == 502
    meters = task_meters_part.of(app)
    assert meters.breaker == "open"
    assert meters.calls["unreachable"] in (5, 6)  # a probe, should a second have passed
    service.come_back()
    wait_until(
        lambda: alice.post(PATH, json={**body, "ad_archive_id": "ad-0"}).status_code == 201, 5, "the probe"
    )
    assert meters.breaker == "closed"


def test_attempts_can_be_told_apart_by_the_service(alice: Person, service: TaskService) -> None:
    service.then("POST", Reply(500, {}))
    body = {"ad_archive_id": "ad-1", "image_url": IMAGE}
    id = alice.post(PATH, json=body).get_json()["id"]
    assert submit(alice, "ad-1")["id"] == id
    keys = [call.headers["idempotency_key"] for call in service.submitted()]
    assert keys == [f"{id}.1.0", f"{id}.2.0"]


# What clients may send


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_bad_bodies(alice: Person, service: TaskService, options: dict[str, Any], status: int) -> None:
    assert_refused(alice.post(PATH, **options), status)
    assert not service.calls


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ad_archive_id": "ad-1"},
        {"image_url": IMAGE},
        {"ad_archive_id": "", "image_url": IMAGE},
        {"ad_archive_id": "ad-1", "image_url": ""},
        {"ad_archive_id": None, "image_url": IMAGE},
        {"ad_archive_id": "ad-1", "image_url": None},
    ],
)
def test_missing_fields(alice: Person, body: dict[str, Any]) -> None:
    answer = alice.post(PATH, json=body)
    assert answer.status_code == 400
    assert answer.get_json() == {"error": "Missing required fields", "status": 400}


@pytest.mark.parametrize("value", [*WRONG_TYPES, " ", "a" * 201, "a\0b", "a\nb"])
def test_wrong_ads(alice: Person, value: object) -> None:
    refused = alice.post(PATH, json={"ad_archive_id": value, "image_url": IMAGE})
    assert assert_refused(refused, 400).startswith("ad_archive_id: ")


@pytest.mark.parametrize(
    "url",
    [
        *WRONG_TYPES,
        " ",
        "ad.png",
        "//example.org/ad.png",
        "/ad.png",
        "ftp://example.org/ad.png",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://example.org",
        "http:example.org",
        "http://",
        "http:///ad.png",
        "http://?x",
        "http://alice@example.org/ad.png",
        "http://alice:secret@example.org/ad.png",
        "http://@example.org/",
        "http://example.org:0/",
        "http://example.org:65536/",
        "http://example.org:x/",
        "http://[::1",
        "http://a..b/",
        "http://exa mple.org/",
        "http://example.org/a b",
        "http://example.org/a\nb",
        "http://example.org/a\0b",
        "http://example.org\\@evil.org/",
        "http://example.org/" + "a" * 2048,
        "data:",
        "data:,",
        "data:,hello",
        "data:text/html;base64,aGVsbG8=",
        "data:image/png,hello",
        "data:image/png;base64,",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,aGVsbG8",
        "data:image/svg+xml;utf8,<svg/>",
        "data:image/png;base64,a\nb=",
        "data:image/png;base64,ü",
    ],
)
def test_forbidden_urls(alice: Person, service: TaskService, url: object) -> None:
    refused = alice.post(PATH, json={"ad_archive_id": "ad-1", "image_url": url})
    assert assert_refused(refused, 400).startswith("image_url: ")
    assert not service.calls


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "HTTPS://example.org:8443/a/b.png?x=1&y=%20#z",
        "https://bücher.example/ä.png",
        "http://127.0.0.1:8000/ad.png",
        "http://[::1]:8000/ad.png",
        "https://example.org./ad.png",
        "data:image/png;base64,aGVsbG8=",
        "DATA:image/svg+xml;charset=utf-8;BASE64,aGVsbG8=",
    ],
)
def test_urls_that_go_on(alice: Person, service: TaskService, url: str) -> None:
    submit(alice, "ad-1", url)
    assert service.tasks["t0"].image_url == url


def test_data_that_is_too_large(make_app: MakeApp, alice: Person, service: TaskService) -> None:
    alice.app = make_app(EXTERNAL_API_URL=service.url, MAX_BODY_BYTES=str(16 * 1024 * 1024))
    for size, status in ((10 * 1024 * 1024, 201), (10 * 1024 * 1024 + 3, 400)):
        url = "data:image/png;base64," + "A" * ((size + 2) // 3 * 4)
        url = url[:-2] + "==" if size % 3 == 1 else url
        assert alice.post(PATH, json={"ad_archive_id": f"ad-{size}", "image_url": url}).status_code == status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a.localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "metadata.internal",
        "printer.local",
    ],
)
def test_private_addresses_are_refused_in_production(make_app: MakeApp, alice: Person, host: str) -> None:
    secrets = {"SECRET_KEY": "x" * 32, "JWT_SECRET_KEY": "another fixed secret that only the tests use"}
    alice.app = make_app(
        APP_CONFIG="production", EXTERNAL_API_URL="http://127.0.0.1:9", RATELIMIT_ENABLED="0", **secrets
    )
    refused = alice.post(PATH, json={"ad_archive_id": "ad-1", "image_url": f"http://{host}/ad.png"})
    assert assert_refused(refused, 400) == "image_url: Must not be a private address."

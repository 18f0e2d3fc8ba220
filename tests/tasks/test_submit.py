"""POST /tasks."""

import base64
from typing import Any

import pytest
from flask import Flask

from app.auth import clients, tokens
from tests.cast import MakeApp, Person, assert_refused, make_person, stored
from tests.support.wait import wait_until
from tests.tasks.conftest import RawServer, http, plain

RED = "data:image/png;base64," + base64.b64encode(plain("red")).decode()
SECRET = "x" * 32
PRODUCTION = {"APP_CONFIG": "production", "SECRET_KEY": SECRET, "JWT_SECRET_KEY": SECRET}
PRODUCTION |= {"TASK_SERVICE": "embedded", "RATELIMIT_ENABLED": "0"}


def submission(**changes: Any) -> dict[str, Any]:
    body = {"ad_archive_id": "1", "image_url": RED} | changes
    return {name: value for name, value in body.items() if value is not None}


def finished(caller: Person, task_id: str) -> dict[str, Any]:
    """The task once it is completed or failed."""

    def ask() -> dict[str, Any] | None:
        shown: dict[str, Any] = caller.get(f"/tasks/{task_id}").get_json()
        return shown if shown["status"] in ("completed", "failed") else None

    return wait_until(ask, 20) or {}


@pytest.mark.both_databases
def test_a_whole_life(nobody: Person) -> None:
    response = nobody.post("/tasks", json=submission(image_url=RED))
    assert response.status_code == 202
    task = response.get_json()
    assert task == {"task_id": task["task_id"], "status": "pending"}
    shown = finished(nobody, task["task_id"])
    concept = shown["result"]["concept_json"]
    assert shown == {"task_id": task["task_id"], "status": "completed", "result": {"concept_json": concept}}
    assert concept["title"] == "Landscape image, plain red"
    assert "No model was used" in concept["generator"]["note"]


def test_an_image_from_a_server(nobody: Person, server: RawServer) -> None:
    server.answers["/ad.png"] = http(plain("blue"))
    task = nobody.post("/tasks", json=submission(image_url=f"{server.url}/ad.png")).get_json()
    assert "blue" in finished(nobody, task["task_id"])["result"]["concept_json"]["title"]


def test_an_image_that_is_none(nobody: Person, server: RawServer) -> None:
    server.answers["/ad.png"] = http(b"<svg/>")
    task = nobody.post("/tasks", json=submission(image_url=f"{server.url}/ad.png")).get_json()
    shown = finished(nobody, task["task_id"])
    assert (shown["status"], "result" in shown) == ("failed", False)
    assert shown["error"].startswith("The data is no image of a known format")


WRONG = [
    *({"ad_archive_id": value} for value in (None, "", " ", 1, [], "x" * 201, "a\nb", "a\0")),
    *(
        {"image_url": value}
        for value in (None, "", 1, {}, "ad.png", "ftp://a.example/b", "file:///etc/passwd")
    ),
    *(
        {"image_url": value}
        for value in ("http://", "http://u:p@a.example/", "http://a.example/\0", "data:x")
    ),
]


@pytest.mark.parametrize("changes", WRONG, ids=repr)
def test_bad_bodies(app: Flask, nobody: Person, changes: dict[str, Any]) -> None:
    before = stored(app)
    sentence = assert_refused(nobody.post("/tasks", json=submission(**changes)), 400)
    assert next(iter(changes)) in sentence
    assert stored(app) == before


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'"x"', b"\xff"])
def test_no_json_object(nobody: Person, data: bytes) -> None:
    assert_refused(nobody.post("/tasks", data=data, content_type="application/json"), 400)


def test_no_json_at_all(nobody: Person) -> None:
    assert_refused(nobody.post("/tasks", data=submission()), 400)


def test_a_body_that_is_too_large(nobody: Person) -> None:
    assert_refused(nobody.post("/tasks", json=submission(image_url="data:," + "x" * 1024 * 1024)), 413)


@pytest.mark.both_databases
def test_a_full_queue(make_app: MakeApp, server: RawServer) -> None:
    server.answers["/"] = lambda connection: connection.recv(1)  # never comes
    person = make_person(make_app(TASK_QUEUE="2"), "Alice")
    waiting = submission(image_url=server.url)
    assert [person.post("/tasks", json=waiting).status_code for _ in range(2)] == [202, 202]
    response = person.post("/tasks", json=waiting)
    assert_refused(response, 503)
    assert int(response.headers["Retry-After"]) > 0


def test_not_served_where_there_is_another_service(make_app: MakeApp) -> None:
    person = make_person(make_app(EXTERNAL_API_URL="http://tasks.example"), "Alice")
    assert_refused(person.post("/tasks", json=submission()), 404)
    assert_refused(person.get("/tasks/x"), 404)


# Production


@pytest.fixture
def service(make_app: MakeApp) -> Person:
    """A service client of a hub in production."""
    app = make_app(**PRODUCTION)
    with app.app_context():
        client_id, secret = clients.create("concepts")
        return Person(app, client_id, "service", clients.issue_token(client_id, secret))


def test_production_takes_service_tokens(service: Person) -> None:
    task = service.post("/tasks", json=submission()).get_json()
    assert finished(service, task["task_id"])["status"] == "completed"


def test_production_takes_nothing_else(service: Person) -> None:
    app = service.app
    alice = make_person(app, "Alice")
    with app.app_context():
        expired = tokens.issue(tokens.SERVICE, service.uuid, -1, 0)
    for token in ("", "garbage", alice.token, expired):
        caller = Person(app, "", "", token)
        assert_refused(caller.post("/tasks", json=submission()), 401)
        assert_refused(caller.get(f"/tasks/{alice.uuid}"), 401)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_production_fetches_from_no_private_address(service: Person, host: str) -> None:
    response = service.post("/tasks", json=submission(image_url=f"http://{host}/ad.png"))
    assert "not allowed" in assert_refused(response, 400)


def test_production_looks_behind_names(service: Person, server: RawServer) -> None:
    server.answers["/"] = http(plain())
    url = f"http://localhost:{server.port}/"
    task = service.post("/tasks", json=submission(image_url=url)).get_json()
    assert finished(service, task["task_id"])["error"] == "The image is at an address that is not allowed"
    assert server.heads == []

"""The hub as its own task service: one worker that calls itself, and production, where that takes a token."""

from __future__ import annotations

import base64
import json

from tests.support.fixtures import OpenStream, StartHub
from tests.support.hub import ROOT

SECRETS = {"SECRET_KEY": "x" * 40, "JWT_SECRET_KEY": "y" * 40}
IMAGE = "data:image/png;base64," + base64.b64encode((ROOT / "examples/ad.png").read_bytes()).decode()


def test_in_production_it_shows_itself_a_token(hub: StartHub, open_stream: OpenStream) -> None:
    process = hub(APP_CONFIG="production", TASK_SERVICE="embedded", PASSWORD_MIN_LENGTH="1", **SECRETS)
    _, token = process.register("Alice")
    body = {"ad_archive_id": "ad-1", "image_url": IMAGE}
    assert process.post("/tasks", json=body).status_code == 401
    assert process.post("/tasks", token=token, json=body).status_code == 401
    answer = process.post("/api/ad-concepts", token=token, json=body)
    assert answer.status_code == 201, answer.text
    source = open_stream(process.url + answer.json()["sse_url"], token=token, reconnect=True).wait_over(30)
    assert source.status == 204
    last = json.loads(source.named("concept-update")[-1].data)
    assert last["status"] == "completed"
    assert last["concept_json"]["generator"]["provider"] == "local"


def test_a_worker_that_is_stopped_gives_its_tasks_to_the_next(hub: StartHub, open_stream: OpenStream) -> None:
    process = hub()
    _, token = process.register("Alice")
    body = {"ad_archive_id": "ad-1", "image_url": IMAGE}
    id = process.post("/api/ad-concepts", token=token, json=body).json()["id"]
    process.assert_ended_politely(process.terminate())
    process.spawn()
    process.wait_ready()
    url = f"{process.url}/api/ad-concepts/{id}/stream?event=message"
    source = open_stream(url, token=token).wait_over(30)
    assert json.loads(source.data[-1])["status"] == "completed"

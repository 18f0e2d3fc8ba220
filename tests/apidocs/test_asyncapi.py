"""GET /asyncapi.json: valid for the official parser, complete, and what is really sent looks like that."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.apidocs.registered import routes
from tests.cast import Constellation, News, Person
from tests.notifications.conftest import make_service, subscriber_token
from tests.support.documents import described_views, follow, operations, problems
from tests.support.sse import Decoder, ServerEvent

PARSER = Path(__file__).parent / "parser"


@pytest.fixture(scope="session")
def node() -> str:
    """With the parser in its reach."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("no npm on this machine (scripts/test-services --with npm installs it)")
    subprocess.run([PARSER / "install"], check=True, timeout=300)
    return node


def judge(node: str, document: Any) -> Any:
    argv = [node, str(PARSER / "check.mjs")]
    judged = subprocess.run(
        argv, input=json.dumps(document), capture_output=True, text=True, timeout=120, check=True
    )
    return json.loads(judged.stdout)


def test_the_official_parser_finds_nothing_wrong(node: str, asyncapi: Any) -> None:
    verdict = judge(node, asyncapi)
    assert verdict["isValid"]
    # 3.1.0 is out; 3.0 is what generators and viewers understand.
    others = [found for found in verdict["diagnostics"] if found["code"] != "asyncapi-latest-version"]
    assert not others


def test_the_official_parser_would_find_something(node: str, asyncapi: Any) -> None:
    asyncapi["channels"]["updates_updates"]["messages"]["file_created"]["payload"] = 5
    assert not judge(node, asyncapi)["isValid"]


def test_every_stream_and_socket_is_described(asyncapi: Any, openapi: Any) -> None:
    live = {
        operation.path
        for operation in operations(openapi)
        if "101" in operation.said["responses"]
        or "text/event-stream" in operation.said["responses"].get("200", {}).get("content", {})
    }
    assert {channel["address"] for channel in asyncapi["channels"].values()} == live


def test_nothing_is_described_that_does_not_exist(app: Flask) -> None:
    served = {id(route.description.channel) for route in routes(app) if route.description}
    for name, description in described_views():
        assert id(description.channel) in served, name


def test_every_example_is_valid(asyncapi: Any) -> None:
    count = 0
    for key, channel in asyncapi["channels"].items():
        for name, message in channel["messages"].items():
            assert message["examples"], (key, name)
            for example in message["examples"]:
                count += 1
                assert not problems(asyncapi, message["payload"], example["payload"]), (key, name)
    assert count >= 19


def test_every_message_is_sent_or_received(asyncapi: Any) -> None:
    used = set()
    for operation in asyncapi["operations"].values():
        for said in [operation, operation.get("reply", {})]:
            used |= {reference["$ref"] for reference in said.get("messages", [])}
    assert used == {
        f"#/channels/{key}/messages/{name}"
        for key, channel in asyncapi["channels"].items()
        for name in channel["messages"]
    }


# What is really sent


def messages(asyncapi: Any, key: str) -> Any:
    return asyncapi["channels"][key]["messages"]


def assert_described(asyncapi: Any, event: ServerEvent, key: str = "updates_updates", name: str = "") -> str:
    """Which message of a stream an event is, by its type or its name, and that it looks like it."""
    data = json.loads(event.data)
    name = name or (data["type"] if event.name == "message" else event.name)
    message = messages(asyncapi, key)[name.replace(".", "_")]
    assert not problems(asyncapi, message["payload"], data, is_strict=True), event
    assert (
        follow(asyncapi, message)
        .get("headers", {})
        .get("properties", {})
        .get("event", {})
        .get("const", "message")
        == event.name
    )
    return str(name)


def test_what_every_write_publishes_is_described(
    asyncapi: Any, constellation: Constellation, alice: Person, charlie: Person, news: News
) -> None:
    here = constellation
    user = {"user_uuid": charlie.uuid}
    alice.post(f"{here.path}/connect", json=user)
    alice.post(f"{here.path}/connect", json={**user, "rights": "WRITE"})
    alice.post(f"{here.path}/disconnect", json=user)
    alice.patch(here.path, json={"name": "Lyra"})
    folder, file = here.folder(), here.file()
    comment = here.comment(file)
    here.reply(file, comment)
    alice.patch(f"/folders/{folder}", json={"name": "Old notes"})
    alice.patch(f"/files/{file}", json={"content": "Bye"})
    alice.put(f"/files/{file}/comments/{comment}", json={"content": "Badly said"})
    for path in (f"/files/{file}/comments/{comment}", f"/files/{file}", f"/folders/{folder}", here.path):
        alice.delete(path)
    kinds = {assert_described(asyncapi, ServerEvent("message", json.dumps(it), "x.1")) for it in news.events}
    named = {message["name"] for message in messages(asyncapi, "updates_updates").values()}
    assert kinds == {name for name in named if "." in name and not name.startswith("stream.")}


def read(person: Person, path: str, count: int, **headers: str) -> list[ServerEvent]:
    """The first events of a stream, which is then left."""
    events: list[ServerEvent] = []
    decoder = Decoder()
    with person.get(path, headers=headers) as response:
        for chunk in response.iter_encoded():
            events += decoder.feed(chunk)
            if len(events) >= count:
                break
    return events


def test_verdicts_and_ends_are_described(app: Flask, asyncapi: Any, alice: Person) -> None:
    uuid = alice.post("/constellations", json={"name": "Orion"}).get_json()["constellation_uuid"]
    path = f"/sse/updates/{uuid}"
    (reset,) = read(alice, path, 1, **{"Last-Event-ID": "nonsense"})
    alice.patch(f"/constellations/{uuid}", json={"name": "Lyra"})
    resumed, updated = read(alice, path, 2, **{"Last-Event-ID": reset.last_event_id})
    with alice.get(path) as response:
        alice.post("/logout")
        decoder = Decoder()
        rest = [event for chunk in response.iter_encoded() for event in decoder.feed(chunk)]
    names = [assert_described(asyncapi, event) for event in (reset, resumed, updated, *rest)]
    assert names == ["stream.reset", "stream.resumed", "constellation.updated", "stream.closed"]


def test_what_an_inbox_sends_is_described(app: Flask, asyncapi: Any) -> None:
    shop = make_service(app)
    dora = Person(app, "", "dora", subscriber_token(app, "dora"))
    (ping,) = read(dora, "/sse", 1)
    id = shop.notify("dora")
    with dora.get("/sse") as response:
        decoder, events = Decoder(), []
        for chunk in response.iter_encoded():
            events += decoder.feed(chunk)
            if len(events) == 1:
                shop.acknowledge("dora", id)
            if len(events) == 2:
                break
    names = ["ping", "message", "message.acknowledged"]
    for name, event in zip(names, [ping, *events], strict=True):
        assert_described(asyncapi, event, "inbox_stream", name)

"""What a concept's stream sends is as /asyncapi.json describes it."""

import json
from typing import Any

import pytest
from flask import Flask

from tests.apidocs.calls.concepts import prepare
from tests.cast import make_person, unique
from tests.support.documents import problems
from tests.support.sse import Decoder
from tests.test_access_table import make_world


@pytest.mark.parametrize(("query", "name"), [("", "concept_update"), ("?event=message", "message")])
@pytest.mark.parametrize("state", ["done", "failed"])
def test_updates_are_described(app: Flask, asyncapi: Any, state: str, query: str, name: str) -> None:
    caller = make_person(app, unique("caller"))
    concept = prepare(app, make_world(app, caller, "ADMIN"))[state]
    with caller.get(f"/api/ad-concepts/{concept}/stream{query}") as response:
        (event,) = Decoder().feed(response.data)
    said = asyncapi["channels"]["concepts_watch_concept"]["messages"][name]
    assert not problems(asyncapi, said["payload"], json.loads(event.data), is_strict=True)
    assert event.name == said["headers"]["properties"].get("event", {}).get("const", "message")
    assert not problems(asyncapi, said["headers"]["properties"]["id"], event.last_event_id)

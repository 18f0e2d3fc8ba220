"""The application answers what the document says: statuses, content types, headers, and every property."""

import json
import re
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.accounts import service as accounts
from app.auth import clients
from app.auth.credentials import COOKIE
from tests.apidocs.calls import Call, collect
from tests.apidocs.calls import operations as ops
from tests.cast import MakeApp, Person, make_person, unique
from tests.support.documents import Document, Operation, follow, operations, problems
from tests.support.task_service import TaskService
from tests.test_access_table import make_world


def fill(value: Any, names: dict[str, str]) -> Any:
    """With the names of the world in place of `{name}`."""
    if isinstance(value, str):
        for name, uuid in names.items():
            value = value.replace(f"{{{name}}}", uuid)
        return value
    if isinstance(value, dict):
        return {key: fill(inner, names) for key, inner in value.items()}
    return [fill(inner, names) for inner in value] if isinstance(value, list) else value


def make(app: Flask) -> tuple[Person, dict[str, str]]:
    """A caller, and the world around it."""
    caller = make_person(app, unique("caller"))
    with app.app_context():
        client, secret = clients.create("Shop")
    return caller, {**make_world(app, caller, "ADMIN"), "client": client, "secret": secret}


def headers_of(app: Flask, who: str, caller: Person, names: dict[str, str]) -> dict[str, str]:
    if who == "nobody":
        return {}
    if who == "cookie":
        return {"Cookie": f"{COOKIE}={caller.token}"}
    if who == "service":
        with app.test_request_context():
            token = clients.issue_token(names["client"], names["secret"])
    elif who == "operator":
        token = caller.token
        with app.app_context():
            accounts.set_operator(caller.uuid, True)
    else:
        token = caller.token if who == "caller" else make_person(app, unique(who)).token
    return {"Authorization": f"Bearer {token}"}


def do(app: Flask, area: ModuleType, call: Call) -> TestResponse:
    caller, names = make(app)
    if hasattr(area, "prepare"):
        names |= area.prepare(app, names)
    headers = {**headers_of(app, call.who, caller, names), **fill(call.headers, names)}
    body = call.body
    options: dict[str, Any] = {"json": fill(body, names)} if body is not None else {}
    if isinstance(body, bytes):
        options = {"data": body, "content_type": "application/json"}
    method, path = call.call.split()
    client = app.test_client(use_cookies=False)
    return client.open(fill(path, names), method=method, headers=headers, **options)


def find(openapi: Document, call: Call) -> Operation:
    """The operation that a call is of: the path that fits, with as few parameters as may be."""
    method = call.call.split()[0]
    fitting = [
        operation
        for operation in operations(openapi)
        if operation.method == method and re.fullmatch(pattern(operation.path), pattern_free(call.path))
    ]
    return min(fitting, key=lambda operation: operation.path.count("{"))


def pattern(path: str) -> str:
    return re.sub(r"\{\w+\}", "[^/]+", path)


def pattern_free(path: str) -> str:
    return re.sub(r"[{}]", "", path)


def complaints(openapi: Document, operation: Operation, response: TestResponse) -> list[str]:
    """What the document does not say of this answer."""
    said = operation.said["responses"].get(str(response.status_code))
    if said is None:
        return [f"{response.status_code} is not documented"]
    answer = follow(openapi, said)
    needed = [name for name, header in answer["headers"].items() if follow(openapi, header).get("required")]
    wrong = [f"no {name}" for name in needed if name not in response.headers]
    forms = answer.get("content", {})
    form = next((form for form in forms if is_same(form, response.content_type)), None)
    if not forms:
        return wrong + (["a body"] if response.data else [])
    if form is None:
        return [*wrong, f"{response.content_type} is none of {list(forms)}"]
    if form != "application/json":
        return wrong
    value = json.loads(response.data)
    return wrong + problems(openapi, forms[form]["schema"], value, is_strict=True)


def is_same(form: str, content_type: str) -> bool:
    return form == content_type or form == content_type.partition(";")[0]


CALLS = [pytest.param(area, call, id=f"{call.call} {call.status}") for area, call in collect()]


@pytest.mark.parametrize(("area", "call"), CALLS)
def test_answers_are_as_described(
    make_app: MakeApp, task_service: TaskService, area: ModuleType, call: Call
) -> None:
    app = make_app(**fill(call.settings, {"task_service": task_service.url}))
    openapi = app.test_client().get("/openapi.json").get_json()
    with do(app, area, call) as response:
        assert response.status_code == call.status, response.text[:500]
        assert not complaints(openapi, find(openapi, call), response)


def test_every_call_is_tried_well_and_badly(openapi: Document) -> None:
    tried = {(find(openapi, call).call, call.status < 400) for _, call in collect()}
    for operation in operations(openapi):
        statuses = {int(status) for status in operation.said["responses"]}
        if "101" in operation.said["responses"]:
            continue  # what only a socket sees is in the tests of the gateway
        assert (operation.call, True) in tried, f"{operation.call} is never tried"
        if statuses & {400, 401, 403, 404, 422}:
            assert (operation.call, False) in tried, f"{operation.call} is never refused"


def test_a_property_that_is_not_described_is_found(app: Flask, openapi: Document) -> None:
    call = Call("GET /health", 200, who="nobody")
    del openapi["components"]["schemas"]["Health"]["properties"]["uptime"]
    with do(app, ops, call) as response:
        assert complaints(openapi, find(openapi, call), response)


def test_limits_are_told_as_described(make_app: MakeApp) -> None:
    client = make_app(RATELIMIT_ENABLED="1", RATELIMIT_LOGIN="1/minute").test_client()
    answers = [client.post("/login", json={"name": "dora", "password": "x"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 429]
    openapi = client.get("/openapi.json").get_json()
    for answer in answers:
        assert not complaints(openapi, find(openapi, Call("POST /login", 429)), answer)
    openapi["components"]["responses"]["RateLimited"]["headers"]["X-Nothing"] = {"required": True}
    assert complaints(openapi, find(openapi, Call("POST /login", 429)), answers[1]) == ["no X-Nothing"]

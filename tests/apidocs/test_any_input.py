"""Whatever schemathesis makes of the document, the application answers as the document says.

Streams and sockets do not end, so they are left out here; test_answers.py and test_asyncapi.py have them.
"""

from typing import Any

import gevent
import pytest
import schemathesis
from flask import Flask, jsonify
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.auth import tokens
from app.auth.credentials import COOKIE
from tests.apidocs.test_answers import make
from tests.conftest import MakeApp
from tests.support.task_service import TaskService

EXAMPLES = 30
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BY_NAME = {"constellation": "constellation", "folder": "folder", "parent_folder": "folder", "file": "file"}
BY_NAME |= {"comment": "comment", "user": "owner"}


def names_in(app: Flask) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """A world: what its uuids are called in paths and bodies, and credentials of every kind by scheme."""
    caller, names = make(app)
    form = {"client_id": names["client"], "client_secret": names["secret"]}
    service = app.test_client().post("/api/auth/token", json=form).get_json()["access_token"]
    with app.app_context():
        found = {
            "account": caller.token,
            "service": service,
            "subscriber": tokens.issue(tokens.SUBSCRIBER, "dora", 3600),
            "bad": "x",
        }
    credentials = {name: {"Authorization": f"Bearer {token}"} for name, token in found.items()}
    real = {f"{name}_uuid": names[kind] for name, kind in BY_NAME.items()}
    return real, {**credentials, "cookie": {"Cookie": f"{COOKIE}={caller.token}"}, "none": {}}


def replace(value: Any, real: dict[str, str]) -> Any:
    """With things that exist in the places where they may be named."""
    return {**value, **{key: real[key] for key in value if key in real}} if isinstance(value, dict) else value


def try_operation(app: Flask, operation: Any) -> None:
    real, credentials = names_in(app)
    needed = [
        credentials[name]
        for need in operation.definition.raw["security"]
        for name in need
        if name in credentials
    ]
    mostly_good = st.sampled_from(needed or [{}]) | st.sampled_from(list(credentials.values()))
    positive, negative = (
        operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    @given(case=positive | negative, headers=mostly_good, is_real=st.sampled_from([True, True, False]))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def try_case(case: Any, headers: dict[str, str], is_real: bool) -> None:
        if is_real:
            case.path_parameters = replace(case.path_parameters, real)
            case.body = replace(case.body, real)
        gevent.sleep(0)  # the worker's other greenlets have their turn, as between the requests of a server
        case.call_and_validate(headers=headers, checks=CHECKS)

    try_case()


def is_tried(operation: Any) -> bool:
    responses = operation.definition.raw["responses"]
    return "101" not in responses and "text/event-stream" not in responses.get("200", {}).get("content", {})


def operations_of(app: Flask) -> list[Any]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    return [found for result in schema.get_all_operations() if is_tried(found := result.ok())]


def test_any_input(make_app: MakeApp, task_service: TaskService, subtests: pytest.Subtests) -> None:
    app = make_app(MAX_BODY_BYTES="20000", EXTERNAL_API_URL=task_service.url)
    found = operations_of(app)
    assert len(found) > 55
    for operation in found:
        with subtests.test(operation.label):
            try_operation(app, operation)


def test_any_input_to_the_built_in_task_service(app: Flask, subtests: pytest.Subtests) -> None:
    app.extensions["tasks"].stop()  # or it would fetch what is made up here
    found = [operation for operation in operations_of(app) if operation.path.startswith("/tasks")]
    assert len(found) == 2
    for operation in found:
        with subtests.test(operation.label):
            try_operation(app, operation)


def test_it_would_find_something(app: Flask) -> None:
    (health,) = (operation for operation in operations_of(app) if operation.label == "GET /health")
    app.view_functions["health.health"] = lambda: jsonify(status="healthy", connections="none")
    with pytest.raises(FailureGroup):
        try_operation(app, health)

"""Every validation error of the notification hub, with its exact body."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.bodies import JSON, raw
from tests.cast import NothingChanges
from tests.notifications.conftest import Service

MISSING = "Missing data for required field."
NO_TEXT = "Not a valid string."
NO_LIST = "Not a valid list."
NULL = "Field may not be null."
LENGTH = "Length must be between 1 and 200."
BLANK = "Must not be blank."
CONTROL = "Must not contain control characters."
NUL = "Must not contain NUL characters."
DIGITS = "Must not be digits only."
PREFIX = "Must not begin with ic-system-."
NUMBER = "Must be a whole number from 1 to"

NOTIFY, ACK, USER, GROUP = "/api/message/notify", "/api/message/acknowledge", "/api/user", "/api/group"
TOKEN = "/api/auth/token"
NAMES = [
    (5, NO_TEXT),
    (None, NULL),
    (["x"], NO_TEXT),
    ({}, NO_TEXT),
    (True, NO_TEXT),
    ("", LENGTH),
    ("x" * 201, LENGTH),
    (" ", BLANK),
    ("a\0b", CONTROL),
    ("a\nb", CONTROL),
    ("\x7f", CONTROL),
]
GROUPS = [*NAMES, ("5", DIGITS), ("0" * 200, DIGITS), ("\u0665", DIGITS), ("ic-system-x", PREFIX)]
NO_LISTS = [(5, NO_LIST), ("x", NO_LIST), (None, NULL), ({}, NO_LIST)]


def items(field: str, values: list[tuple[Any, str]]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """As the second item of a list."""
    return [({field: ["good", value]}, {field: f"Item 1: {problem}"}) for value, problem in values]


def plain(field: str, values: list[tuple[Any, str]]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    return [({field: value}, {field: problem}) for value, problem in values]


CREDENTIALS = {"client_id": "x", "client_secret": "y"}
BODIES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    (path, {**good, **bad}, detail)
    for path, good, cases in [
        (
            NOTIFY,
            {"payload": "x"},
            items("users", NAMES) + plain("users", NO_LISTS) + plain("groups", NO_LISTS),
        ),
        (
            NOTIFY,
            {"users": ["x"]},
            plain("payload", [(5, NO_TEXT), (None, NULL), ([], NO_TEXT), ("\0", NUL)]),
        ),
        (NOTIFY, {"payload": "x"}, items("groups", [(5, NO_TEXT), (None, NULL), ("a\0", NUL)])),
        (ACK, {"message_ids": []}, plain("user_id", NAMES)),
        (ACK, {"user_id": "x"}, plain("message_ids", NO_LISTS) + items("message_ids", [(5, NO_TEXT)])),
        (USER, {}, plain("user_id", NAMES)),
        (USER, {"user_id": "x"}, items("groups", GROUPS) + plain("groups", NO_LISTS)),
        (GROUP, {}, plain("name", GROUPS)),
        (GROUP, {"name": "x"}, items("users", NAMES) + plain("users", NO_LISTS)),
        (TOKEN, CREDENTIALS, plain("client_id", [(5, NO_TEXT), (None, NULL), ("a\0", NUL)])),
        (TOKEN, CREDENTIALS, plain("client_secret", [(5, NO_TEXT), (None, NULL), ("a\0", NUL)])),
    ]
    for bad, detail in cases
]
BODIES += [
    (NOTIFY, {}, {"payload": MISSING}),
    (NOTIFY, {"users": [5], "payload": 5}, {"users": f"Item 0: {NO_TEXT}", "payload": NO_TEXT}),
    (ACK, {}, {"message_ids": MISSING, "user_id": MISSING}),
    (USER, {}, {"user_id": MISSING}),
    (GROUP, {}, {"name": MISSING}),
    (TOKEN, {}, {"client_id": MISSING, "client_secret": MISSING}),
]


def refusal(detail: dict[str, str]) -> dict[str, Any]:
    return {"error": "Validation error", "status": 400, "detail": detail}


@pytest.mark.parametrize("path", [NOTIFY, ACK, USER, GROUP, TOKEN])
def test_bodies(shop: Service, nothing_changes: NothingChanges, path: str) -> None:
    with nothing_changes():
        for where, body, detail in BODIES:
            if where == path:
                response = shop.post(path, json=body)
                assert (response.status_code, response.get_json()) == (400, refusal(detail)), body


@pytest.mark.parametrize("path", [NOTIFY, ACK, USER, GROUP, TOKEN])
def test_what_is_no_object(shop: Service, nothing_changes: NothingChanges, path: str) -> None:
    wrong = [
        ({"data": "{}", "content_type": "text/plain"}, "Content-Type must be application/json"),
        ({"data": b"", **JSON}, "The body is not valid JSON"),
        (raw("{"), "The body is not valid JSON"),
        (raw("[]"), "The body must be a JSON object"),
    ]
    with nothing_changes():
        for options, sentence in wrong:
            response = shop.post(path, **options)
            assert (response.status_code, response.get_json()) == (400, refusal({"body": sentence}))


QUERIES = [
    ("page=0", {"page": f"{NUMBER} 1000000000."}),
    ("page=x", {"page": f"{NUMBER} 1000000000."}),
    ("page=-1", {"page": f"{NUMBER} 1000000000."}),
    ("page=1&per_page=501", {"per_page": f"{NUMBER} 500."}),
    ("page=1&per_page=", {"per_page": f"{NUMBER} 500."}),
]


@pytest.mark.parametrize(("query", "detail"), QUERIES)
@pytest.mark.parametrize("path", [USER, GROUP, "/api/user/dora/messages"])
def test_pages(shop: Service, path: str, query: str, detail: dict[str, str]) -> None:
    shop.notify("dora")
    response = shop.get(f"{path}?{query}")
    assert (response.status_code, response.get_json()) == (400, refusal(detail))


@pytest.mark.parametrize("state", ["", "read", "UNREAD"])
def test_states(shop: Service, state: str) -> None:
    shop.notify("dora")
    response = shop.get(f"/api/user/dora/messages?state={state}")
    assert response.get_json() == refusal({"state": "Must be one of: unread, all."})


PATHS = [
    ("DELETE", "/api/user/{}", "user_id"),
    ("GET", "/api/user/{}/token", "user_id"),
    ("GET", "/api/user/{}/messages", "user_id"),
    ("DELETE", "/api/group/{}", "group"),
    ("PUT", "/api/group/{}/user/dora", "group"),
    ("PUT", "/api/group/staff/user/{}", "user_id"),
    ("DELETE", "/api/group/{}/user/dora", "group"),
    ("DELETE", "/api/group/staff/user/{}", "user_id"),
    ("GET", "/sse?user_id={}", "user_id"),
]


@pytest.mark.parametrize(("method", "path", "field"), PATHS)
def test_names_in_paths(shop: Service, method: str, path: str, field: str) -> None:
    shop.group("staff", "dora")
    shop.token = "" if path.startswith("/sse") else shop.token
    for name, problem in [("x" * 201, LENGTH), (" ", BLANK), ("a\0b", CONTROL), ("a\tb", CONTROL)]:
        response = shop.call(method, path.format(quote(name, safe="")))
        assert (response.status_code, response.get_json()) == (400, refusal({field: problem})), name

"""Any body that is no envelope gets 422, in the shape that the family's clients know."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bodies import JSON, MEBIBYTE, raw

GOOD = {"user_id": "alice", "data": {}}
PATHS = ("/sse/push", "/sse/push/batch", "/sse/send")

UNREADABLE = [
    pytest.param({}, 422, id="no body"),
    pytest.param(raw(""), 422, id="empty"),
    pytest.param({"data": "user_id=x", "content_type": "application/x-www-form-urlencoded"}, 422, id="form"),
    pytest.param(
        {"data": '{"user_id": "a", "data": {}}', "content_type": "text/plain"}, 422, id="plain text"
    ),
    pytest.param({"data": '{"user_id": "a", "data": {}}'}, 422, id="no content type"),
    pytest.param(raw("{"), 422, id="unfinished"),
    pytest.param(raw('{"user_id": NaN, "data": {}}'), 422, id="NaN"),
    pytest.param(raw('{"user_id": "a", "data": {"x": Infinity}}'), 422, id="Infinity"),
    pytest.param(raw('{"user_id": "a", "data": {"x": 1e999}}'), 422, id="a number that is none"),
    pytest.param(raw('{"user_id": "a", "data": {"x": 1' + "0" * 5000 + "}}"), 422, id="5,000 digits"),
    pytest.param(raw(b'{"user_id": "\xff", "data": {}}'), 422, id="not UTF-8"),
    pytest.param(raw('{"user_id": "a", "data": {}}'.encode("utf-16")), 422, id="UTF-16"),
    pytest.param(raw(r'{"user_id": "\ud800", "data": {}}'), 422, id="lone surrogate"),
    pytest.param(raw(r'{"user_id": "a", "data": {"\udfff": 1}}'), 422, id="lone surrogate in data"),
    pytest.param(raw("[" * 10_000 + "]" * 10_000), 422, id="10,000 deep"),
    pytest.param(raw('{"user_id":"a","data":' * 10_000 + "{}" + "}" * 10_000), 422, id="objects 10,000 deep"),
    pytest.param(raw(b" " * (MEBIBYTE + 1)), 413, id="too large"),
]


def deep(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"x": value}
    return value


# The envelope, and for each of its problems the type, and the loc behind "body".
BAD = [
    pytest.param([], {("model_attributes_type",)}, id="array"),
    pytest.param(None, {("model_attributes_type",)}, id="null"),
    pytest.param("text", {("model_attributes_type",)}, id="string"),
    pytest.param(5, {("model_attributes_type",)}, id="number"),
    pytest.param({}, {("missing", "user_id"), ("missing", "data")}, id="no fields"),
    pytest.param({"user_id": "a"}, {("missing", "data")}, id="no data"),
    pytest.param({"data": {}}, {("missing", "user_id")}, id="no user_id"),
    pytest.param({"User_id": "a", "DATA": {}}, {("missing", "user_id"), ("missing", "data")}, id="case"),
    *(
        pytest.param(GOOD | {"user_id": value}, {("string_type", "user_id")}, id=f"user_id {value}")
        for value in (None, 5, 1.5, True, [], {}, ["a"])
    ),
    pytest.param(GOOD | {"user_id": ""}, {("string_too_short", "user_id")}, id="empty user_id"),
    pytest.param(GOOD | {"user_id": "x" * 201}, {("string_too_long", "user_id")}, id="long user_id"),
    pytest.param(GOOD | {"user_id": "x" * 900_000}, {("string_too_long", "user_id")}, id="huge user_id"),
    *(
        pytest.param(GOOD | {"data": value}, {("dict_type", "data")}, id=f"data {value}")
        for value in (None, "text", 5, False, [], [{}], "{}")
    ),
    *(
        pytest.param(GOOD | {field: value}, {("string_type", field)}, id=f"{field} {value}")
        for field in ("event_type", "event_id")
        for value in (5, True, [], {})
    ),
    *(
        pytest.param(GOOD | {"timestamp": value}, {("float_type", "timestamp")}, id=f"timestamp {value}")
        for value in ("now", "5", True, [], {})
    ),
    *(
        pytest.param(
            {"user_id": "a", "data": {"correlation_id": value}},
            {("string_type", "data", "correlation_id")},
            id=f"correlation_id {value}",
        )
        for value in (None, 5, True, [], {})
    ),
    pytest.param({"user_id": "a", "data": deep(300)}, {("too_deep", "data")}, id="300 deep"),
    pytest.param(
        {"user_id": 5, "data": 5, "event_type": 5, "event_id": 5, "timestamp": "x"},
        {
            ("string_type", "user_id"),
            ("dict_type", "data"),
            ("string_type", "event_type"),
            ("string_type", "event_id"),
            ("float_type", "timestamp"),
        },
        id="everything at once",
    ),
]
ACCEPTED = [
    GOOD,
    GOOD | {"event_type": None, "event_id": None, "timestamp": None},
    GOOD | {"event_type": "", "event_id": "x" * 1000, "timestamp": -1.5e300},
    GOOD | {"timestamp": 10**30, "more": [None], "correlation_id": 5},
    {"user_id": "a", "data": {"correlation_id": ""}},
    {"user_id": "a", "data": deep(200)},
    {
        "user_id": "\ud83c\udf89".encode("utf-16", "surrogatepass").decode("utf-16"),
        "data": {"x" * 10_000: {}},
    },
]


def sent(value: Any) -> dict[str, Any]:
    """As a body, by Python's own encoder, which has no bounds."""
    return raw(json.dumps(value, ensure_ascii=False))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def problems(answer: Any) -> list[dict[str, Any]]:
    """The details of a 422, each with its four keys."""
    body = answer.get_json()
    assert answer.status_code == 422, answer.text[:500]
    assert set(body) == {"error", "status", "detail"}
    assert (body["error"], body["status"]) == ("Validation error", 422)
    assert body["detail"] and all(set(it) == {"type", "loc", "msg", "input"} for it in body["detail"])
    assert len(answer.data) < 20_000
    found: list[dict[str, Any]] = body["detail"]
    return found


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("options", "status"), UNREADABLE)
def test_unreadable(client: FlaskClient, path: str, options: dict[str, Any], status: int) -> None:
    answer = client.post(path, **options)
    if status == 422:
        problems(answer)
    else:
        assert (answer.status_code, answer.get_json()["status"]) == (status, status)


@pytest.mark.parametrize("path", ["/sse/push", "/sse/send"])
@pytest.mark.parametrize(("envelope", "expected"), BAD)
def test_bad(client: FlaskClient, path: str, envelope: Any, expected: set[tuple[str, ...]]) -> None:
    found = problems(client.post(path, **sent(envelope)))
    assert {(it["type"], *it["loc"]) for it in found} == {(kind, "body", *loc) for kind, *loc in expected}


@pytest.mark.parametrize(("envelope", "expected"), BAD)
def test_one_bad_item_spoils_the_batch(
    client: FlaskClient, envelope: Any, expected: set[tuple[str, ...]]
) -> None:
    found = problems(client.post("/sse/push/batch", **sent([GOOD, envelope, GOOD])))
    assert {(it["type"], *it["loc"]) for it in found} == {(kind, "body", 1, *loc) for kind, *loc in expected}


@pytest.mark.parametrize("body", [{}, None, "text", 5, GOOD])
def test_a_batch_is_an_array(client: FlaskClient, body: Any) -> None:
    found = problems(client.post("/sse/push/batch", **sent(body)))
    assert [(it["type"], it["loc"]) for it in found] == [("list_type", ["body"])]


@pytest.mark.parametrize("envelope", ACCEPTED)
def test_accepted(client: FlaskClient, envelope: dict[str, Any]) -> None:
    assert client.post("/sse/push", **sent(envelope)).get_json()["status"] == "partial"
    assert client.post("/sse/push/batch", **sent([envelope])).status_code == 200
    assert client.post("/sse/send", **sent(envelope)).status_code == 200


def test_the_input_is_shown(client: FlaskClient) -> None:
    found = problems(client.post("/sse/push", json={"user_id": 5, "x": "y"}))
    assert [it["input"] for it in found] == [5, {"user_id": 5, "x": "y"}]
    assert [it["msg"] for it in found] == ["Input should be a valid string", "Field required"]


def test_where_the_text_is_no_json(client: FlaskClient) -> None:
    found = problems(client.post("/sse/push", data='{"a": }', **JSON))
    assert (found[0]["type"], found[0]["loc"]) == ("json_invalid", ["body", 6])


def test_a_huge_input_is_cut_short(client: FlaskClient) -> None:
    found = problems(client.post("/sse/push", **sent({"user_id": ["\u00fc" * 300_000], "data": [deep(300)]})))
    assert [len(str(it["input"])) < 1000 for it in found] == [True, True]


def test_only_the_first_problems_of_a_huge_batch_are_shown(client: FlaskClient) -> None:
    answer = client.post("/sse/push/batch", data="[" + "1," * 300_000 + "1]", **JSON)
    assert len(answer.get_json()["detail"]) == 100


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods(client: FlaskClient, path: str, method: str) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.get_json()["status"]) == (405, 405)


texts = st.text(max_size=30) | st.sampled_from(["@ci_bot", "\0", "a@ci_bot", "x" * 300])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)
fields = st.sampled_from(["user_id", "data", "event_type", "event_id", "timestamp", "other"])
data = st.dictionaries(st.sampled_from(["message", "text", "correlation_id", "timestamp"]), values)
envelopes = st.fixed_dictionaries({"user_id": texts, "data": data}) | st.dictionaries(fields, values | data)


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(envelope=envelopes | values, path=st.sampled_from(PATHS))
def test_any_input_is_answered(client: FlaskClient, envelope: Any, path: str) -> None:
    answer = client.post(path, **sent([envelope] if path.endswith("batch") else envelope))
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 422:
        problems(answer)

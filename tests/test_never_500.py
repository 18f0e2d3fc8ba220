"""Whatever a client sends, the answer is a status below 500, and the error envelope where it is an error."""

import json
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import make_person, unique
from tests.test_access_table import BODIES, make_world, read_table

CALLS = sorted({(row.method, row.path) for row in read_table()})
FIELDS = sorted(
    {field for body in BODIES.values() for field in body} | {"user_uuid_to_connect", "description"}
)
NAMES = ["constellation", "folder", "file", "comment", "own", "user", "owner"]

named = st.sampled_from([f"{{{name}}}" for name in NAMES])  # replaced by the uuid of that thing
texts = st.one_of(
    st.text(max_size=300), named, st.sampled_from(["READ", "admin", "a@b.org", "\0", "x" * 20_000])
)
scalars = st.one_of(texts, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
bodies = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), st.one_of(texts, values), max_size=6).map(json.dumps),
    values.map(json.dumps),
    st.binary(max_size=300),
)
segments = st.one_of(named, st.text(min_size=1, max_size=50).map(lambda text: quote(text, safe="")))
queries = st.dictionaries(
    st.sampled_from([*FIELDS, "page", "per_page", "token", "ticket"]), texts, max_size=3
)


def fill(text: str | bytes, names: dict[str, str]) -> str | bytes:
    """With the uuids of the things in it that `named` stands for."""
    if isinstance(text, bytes):
        return text
    for name in NAMES:
        text = text.replace(f"{{{name}}}", names[name])
    return text


@pytest.mark.both_databases
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_never_500(app: Flask, data: st.DataObject) -> None:
    person = make_person(app, unique("caller"))
    names = make_world(app, person, "ADMIN")
    for _ in range(5):
        method, path = data.draw(st.sampled_from(CALLS))
        for name, segment in data.draw(st.dictionaries(st.sampled_from(NAMES), segments, max_size=1)).items():
            path = path.replace(f"{{{name}}}", segment)
        options = {"data": fill(data.draw(bodies), names), "query_string": data.draw(queries)}
        call = person.call(method, str(fill(path, names)), content_type="application/json", **options)
        with call as response:
            assert response.status_code < 500, (method, path)
            if response.status_code >= 400:
                assert set(response.get_json()) == {"error", "status"}

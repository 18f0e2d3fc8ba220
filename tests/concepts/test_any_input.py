"""Whatever a client sends, the answer is a status below 500 (the service works), or the family's envelope."""

import json
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import make_person, unique
from tests.concepts.conftest import IMAGE, PATH

texts = st.one_of(
    st.text(max_size=300), st.sampled_from([IMAGE, "data:image/png;base64,AAAA", "\0", "http://["])
)
values = st.recursive(
    st.one_of(texts, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)
fields = st.sampled_from(["ad_archive_id", "image_url", "id"])
bodies = st.one_of(
    st.dictionaries(fields, st.one_of(texts, values), max_size=3).map(json.dumps),
    values.map(json.dumps),
    st.binary(max_size=300),
)
queries = st.dictionaries(
    st.sampled_from(["ids", "adIds", "page", "per_page", "event", "token", "lastEventId"]), texts, max_size=3
)
calls = st.sampled_from(
    [("POST", ""), ("GET", ""), ("GET", "/{}"), ("POST", "/{}/retry"), ("GET", "/{}/stream")]
)


@pytest.mark.both_databases
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_input(app: Flask, data: st.DataObject) -> None:
    person = make_person(app, unique("caller"))
    for _ in range(5):
        method, path = data.draw(calls)
        segment = data.draw(st.text(min_size=1, max_size=50).map(lambda text: quote(text, safe="")))
        body = data.draw(bodies) if method == "POST" else None
        query = data.draw(queries)
        options = {"data": body, "query_string": query, "content_type": "application/json"}
        with person.call(method, PATH + path.format(segment), **options) as response:
            assert response.status_code < 500, (method, path, body)
            if response.status_code >= 400:
                assert set(response.get_json()) == {"error", "status"}

"""Whatever a client sends to the notification hub, the answer is a status below 500, in its error shape."""

import json
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.notifications.conftest import make_service
from tests.notifications.test_access import make_world, read_table
from tests.test_never_500 import values

CALLS = sorted({(row.method, row.path) for row in read_table()})
FIELDS = ["users", "groups", "payload", "user_id", "message_ids", "name", "client_id", "client_secret"]
FIELDS += ["page", "per_page", "state", "token"]
NAMES = ["user", "group", "message", "new"]
named = st.sampled_from([f"{{{name}}}" for name in NAMES])
texts = st.one_of(
    st.text(max_size=300), named, st.sampled_from(["\0", "5", "9" * 30, "ic-system-", "x" * 999])
)
lists = st.lists(texts, max_size=5)
bodies = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), st.one_of(texts, lists, values), max_size=6).map(json.dumps),
    values.map(json.dumps),
)
queries = st.dictionaries(st.sampled_from(FIELDS), texts, max_size=3)
segments = st.text(min_size=1, max_size=50).map(lambda text: quote(text, safe=""))
keys = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=300)


@pytest.mark.both_databases
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_never_500(app: Flask, data: st.DataObject) -> None:
    shop = make_service(app)
    with app.app_context():
        names = make_world(app)
    for _ in range(5):
        method, path = data.draw(st.sampled_from(CALLS))
        for name, segment in data.draw(st.dictionaries(st.sampled_from(NAMES), segments, max_size=1)).items():
            path = path.replace(f"{{{name}}}", segment)
        body = data.draw(bodies)
        for name in NAMES:
            path, body = (text.replace(f"{{{name}}}", names[name]) for text in (path, body))
        options = {"data": body, "query_string": data.draw(queries), "content_type": "application/json"}
        headers = {"Idempotency-Key": data.draw(keys)} if data.draw(st.booleans()) else {}
        with shop.call(method, path, headers=headers, **options) as response:
            assert response.status_code < 500, (method, path)
            if response.status_code >= 400:
                assert set(response.get_json()) - {"detail"} == {"error", "status"}

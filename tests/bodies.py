"""What clients send that they should not, for tests to walk through."""

from typing import Any

import pytest

JSON = {"content_type": "application/json"}
MEBIBYTE = 1024 * 1024


def raw(text: str | bytes) -> dict[str, Any]:
    return {"data": text, **JSON}


# Options of the test client that no endpoint with a JSON body accepts, and the status for them.
BAD_BODIES = [
    pytest.param({}, 400, id="no body"),
    pytest.param(raw(""), 400, id="empty"),
    pytest.param({"data": "name=x", "content_type": "application/x-www-form-urlencoded"}, 400, id="form"),
    pytest.param({"data": "{}", "content_type": "text/plain"}, 400, id="plain text"),
    pytest.param(raw("{"), 400, id="unfinished"),
    pytest.param(raw("[]"), 400, id="array"),
    pytest.param(raw("null"), 400, id="null"),
    pytest.param(raw('"text"'), 400, id="string"),
    pytest.param(raw("{}"), 400, id="no fields"),
    pytest.param(raw('{"name": NaN, "content": NaN}'), 400, id="NaN"),
    pytest.param(raw(b'{"name": "\xff", "content": "\xff"}'), 400, id="not UTF-8"),
    pytest.param(raw('{"name": "x"}'.encode("utf-16")), 400, id="UTF-16"),
    pytest.param(raw(r'{"name": "\ud800", "content": "\ud800"}'), 400, id="lone surrogate"),
    pytest.param(raw("[" * 100_000 + "]" * 100_000), 400, id="deep arrays"),
    pytest.param(raw('{"name":' * 100_000 + "1" + "}" * 100_000), 400, id="deep objects"),
    pytest.param(raw(b" " * (MEBIBYTE + 1)), 413, id="too large"),
]

NOT_TEXTS = [5, 1.5, True, None, [], {}, ["x"], {"name": "x"}]
BAD_NAMES = [*NOT_TEXTS, "", " ", "\u3000", "a" * 201, "a\nb", "a\tb", "a\0b", "\x7f", "a\x1bb", "\x85"]
BAD_DESCRIPTIONS = [*NOT_TEXTS, "a" * 2001, "a\0b"]
BAD_COMMENTS = [*NOT_TEXTS, "", "a" * 10_001, "a\0b"]
BAD_CONTENTS = [*NOT_TEXTS, "a\0b", "\0"]
BAD_UUIDS = [*NOT_TEXTS, "", "x", "a\0b", "00000000-0000-4000-8000-00000000000", "'; DROP TABLE users; --"]
BAD_RIGHTS = [*NOT_TEXTS, "", "NONE", "OWNER", " READ", "READ\0", "1", "ADM\u0131N"]

GOOD_NAMES = ["a", "a" * 200, "\u00fc\u4e16\U0001f30d", "O'Neill; DROP TABLE users", "<b>", "..", "/", "%s{}"]
BAD_EMAILS = [
    *NOT_TEXTS,
    "",
    "x",
    "@",
    "x@",
    "@example.org",
    "a b@example.org",
    "a\0@example.org",
    "a\n@b.org",
]
BAD_EMAILS += ["x@example.org\n", "x" * 250 + "@example.org"]
BAD_PASSWORDS = [*NOT_TEXTS, "", "x" * 1001]

"""The comparison of shown and printed text: which differences it accepts, and which it does not."""

import pytest

from tests.guides.likeness import is_like

STREAM = "retry: 2576\n: welcome\n\nid: 7c97b8f64469.2\ndata: hello\n\n"


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ('{"id":"2f0f…","n":1}', '{"id":"0cff0b1e-5a5c-4a7b-8d9e-000000000001","n":1}\n'),
        ('{"access_token":"eyJ…"}', '{"access_token":"eyJhbGci.eyJz.c2ln"}'),
        (STREAM, ": welcome\n".join(["retry: 1501\n", "\n:\n\nid: 000000000000.7\ndata: hello\n"])),
        ("first\n…\nlast", "first\nand\nmore\nlast\n"),
        ("first\n…", "first\n"),
        ("at 2031-01-02T03:04:05Z", "at 2032-11-12T13:14:15.678Z"),
    ],
)
def test_what_differs_each_time_may(shown: str, printed: str) -> None:
    assert is_like(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ('{"n":1}', '{"n":2}'),
        (STREAM, STREAM.replace("hello", "hullo")),
        ("first\nlast", "first\nand more\nlast"),
        ("first", "first\nsecond"),
        ("first\n…\nlast", "first\nsecond"),
        ("one … line", "one\nline"),
        ("", "anything"),
    ],
)
def test_what_says_something_else_may_not(shown: str, printed: str) -> None:
    assert not is_like(shown, printed)

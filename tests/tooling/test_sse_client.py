"""The decoder against the examples of the WHATWG page, and against any way to cut a stream into chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.sse import Decoder, ServerEvent


def decode(text: str | bytes) -> list[tuple[str, str, str]]:
    events = Decoder().feed(text.encode() if isinstance(text, str) else text)
    return [(event.name, event.data, event.last_event_id) for event in events]


def test_three_lines_of_data_are_one_event() -> None:
    assert decode("data: YHOO\ndata: +2\ndata: 10\n\n") == [("message", "YHOO\n+2\n10", "")]


def test_example_of_four_blocks() -> None:
    stream = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
    assert decode(stream) == [
        ("message", "first event", "1"),
        ("message", "second event", ""),
        ("message", " third event", ""),
    ]


def test_example_of_empty_data() -> None:
    # The last block has no blank line behind it, so it is dropped.
    assert decode("data\n\ndata\ndata\n\ndata:") == [("message", "", ""), ("message", "\n", "")]


def test_example_of_an_optional_space() -> None:
    assert decode("data:test\n\ndata: test\n\n") == [("message", "test", "")] * 2


def test_named_events_and_the_name_is_reset() -> None:
    assert decode("event: add\ndata: 1\n\ndata: 2\n\n") == [("add", "1", ""), ("message", "2", "")]


def test_block_without_data_dispatches_nothing_but_sets_the_id() -> None:
    decoder = Decoder()
    assert decoder.feed(b"event: add\nid: 7\n\n") == []
    assert decoder.last_event_id == "7"
    assert decoder.feed(b"data: x\n\n") == [ServerEvent("message", "x", "7")]


def test_id_counts_only_from_the_end_of_its_block() -> None:
    decoder = Decoder("6")
    decoder.feed(b"id: 7\ndata: x\n")
    assert decoder.last_event_id == "6"


def test_id_with_nul_is_ignored() -> None:
    assert decode("id: 1\n\nid: 2\0\ndata: x\n\n") == [("message", "x", "1")]


def test_retry_takes_digits_only() -> None:
    decoder = Decoder()
    decoder.feed(b"retry: 2500\nretry: 1e3\nretry: -1\nretry:\nretry: \xd9\xa3\n\n")
    assert decoder.retry == 2500
    assert len(decoder.ignored) == 4


def test_comments_are_kept_and_unknown_fields_ignored() -> None:
    decoder = Decoder()
    decoder.feed(b":\n: ping\nfoo: bar\n\n")
    assert decoder.comments == ["", " ping"]
    assert decoder.ignored == ["foo: bar"]


def test_one_byte_order_mark_is_dropped() -> None:
    assert decode(b"\xef\xbb\xbfdata: x\n\n") == [("message", "x", "")]
    assert decode(b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n") == []


def test_invalid_utf8_becomes_replacement_characters() -> None:
    assert decode(b"data: a\xffb\n\n") == [("message", "a�b", "")]


def test_carriage_return_ends_a_line_at_once() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: x\r\r") == [ServerEvent("message", "x", "")]
    assert decoder.feed(b"\ndata: y\r\n\r") == [ServerEvent("message", "y", "")]


_VALUES = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=12)
_EVENTS = st.lists(st.tuples(_VALUES, st.lists(_VALUES, min_size=1, max_size=3), _VALUES), max_size=6)


_ENDS = st.sampled_from(["\n", "\r", "\r\n"])


@given(events=_EVENTS, draws=st.data(), bom=st.booleans())
def test_any_line_ends_and_any_chunks(
    events: list[tuple[str, list[str], str]], draws: st.DataObject, bom: bool
) -> None:
    lines = [
        line
        for name, data, id_ in events
        for line in (f"event: {name}", *(f"data: {value}" for value in data), f"id: {id_}", "")
    ]
    stream, end = "", ""
    for line in lines:
        # CR, then an empty line that ends in LF, would read as one CRLF.
        end = draws.draw(_ENDS if line or end != "\r" else st.just("\r"))
        stream += line + end
    raw = (b"\xef\xbb\xbf" if bom else b"") + stream.encode()
    cuts = sorted(draws.draw(st.lists(st.integers(0, len(raw)), max_size=20)))
    decoder = Decoder()
    decoded = [
        event
        for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True)
        for event in decoder.feed(raw[start:stop])
    ]
    assert decoded == [ServerEvent(name or "message", "\n".join(data), id_) for name, data, id_ in events]

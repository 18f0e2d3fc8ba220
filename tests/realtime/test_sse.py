"""The encoder: exact bytes for the plain cases, and a decoder of the standard's rules for all others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.realtime.event import Event, Position, decode_cursor, encode_cursor, pack, unpack
from app.realtime.streams import sse
from tests.support.sse import Decoder

single_line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=40)
any_text = st.text(st.characters(exclude_categories=["Cs"]))
line_ends = st.text(st.sampled_from("ab\r\n: \ufeff\0é🎉"), max_size=30)


def test_exact_bytes() -> None:
    assert sse.encode("hello") == b"data: hello\n\n"
    assert sse.encode("") == b"data: \n\n"
    assert sse.encode("a\nb\r\nc\rd") == b"data: a\ndata: b\ndata: c\ndata: d\n\n"
    assert sse.encode("x", "named", "7") == b"id: 7\nevent: named\ndata: x\n\n"
    assert sse.encode("é", id="") == "id: \ndata: é\n\n".encode()
    assert sse.id_only("abc.7") == b"id: abc.7\n\n"
    assert sse.opening(3000) == b"retry: 3000\n: welcome\n\n"
    assert sse.closed("shutdown") == b'event: stream.closed\ndata: {"reason": "shutdown"}\n\n'
    assert sse.chunk(b"x" * 17) == b"11\r\n" + b"x" * 17 + b"\r\n"


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b"])
def test_names_and_ids_cannot_break_the_framing(bad: str) -> None:
    for call in (lambda: sse.encode("x", bad), lambda: sse.encode("x", id=bad), lambda: sse.id_only(bad)):
        with pytest.raises(ValueError, match="must not contain"):
            call()


@given(data=any_text | line_ends, name=single_line, id=single_line | st.none())
def test_a_decoder_of_the_standard_reads_what_was_meant(data: str, name: str, id: str | None) -> None:
    decoder = Decoder("before")
    [event] = decoder.feed(sse.encode(data, name, id))
    assert event.data == data.replace("\r\n", "\n").replace("\r", "\n")
    assert event.name == (name or "message")
    assert event.last_event_id == ("before" if id is None else id)
    assert decoder.ignored == []


@given(blocks=st.lists(any_text | line_ends, min_size=1, max_size=5), cut=st.integers(0, 200))
def test_blocks_stand_alone_however_they_are_split(blocks: list[str], cut: int) -> None:
    stream = b"".join(sse.encode(data, id=str(n)) + sse.HEARTBEAT for n, data in enumerate(blocks))
    decoder = Decoder()
    events = decoder.feed(stream[:cut]) + decoder.feed(stream[cut:])
    assert [event.last_event_id for event in events] == [str(n) for n in range(len(blocks))]


@given(data=any_text, name=single_line, id=single_line)
def test_brokers_carry_events_unchanged(data: str, name: str, id: str) -> None:
    event = Event(data, name, id)
    assert unpack(pack(event)) == event


@given(st.text("0123456789abcdef", min_size=6, max_size=32), st.integers(0, 10**15 - 1))
def test_cursors_come_back_as_positions(epoch: str, offset: int) -> None:
    assert decode_cursor(encode_cursor(Position(epoch, offset))) == (epoch, offset)


@given(st.text())
def test_no_text_breaks_the_cursor_parser(text: str) -> None:
    position = decode_cursor(text)
    assert position is None or encode_cursor(position).endswith(str(position.offset))

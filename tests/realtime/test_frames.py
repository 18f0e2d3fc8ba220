"""Frames of RFC 6455: every rule a client can break, and the same outcome however its bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.realtime.sockets import frames
from app.realtime.sockets.frames import Binary, Parser, ProtocolError
from tests.support.websocket import BINARY, CLOSE, PING, PONG, TEXT, frame

LIMIT = 2000
CONTINUATION = 0
Outcome = tuple[list[tuple[int, bytes]], int | None]


def parse(*pieces: bytes, limit: int = LIMIT) -> Outcome:
    """What a parser says to the pieces: (opcode, payload) of each frame, and the code it ended with."""
    parser, found = Parser(limit), []
    try:
        for piece in pieces:
            for item in parser.feed(piece):
                found.append(item)
    except ProtocolError as error:
        return found, error.code
    return found, None


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 500, 501, 65535, 65536, 70001])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_of_any_size(opcode: int, size: int) -> None:
    payload = bytes(ord("a") + n % 26 for n in range(size))
    found, code = parse(frame(opcode, payload), limit=100_000)
    assert (found, code) == ([(opcode, payload)], None)
    assert isinstance(found[0][1], Binary) == (opcode == BINARY)


def test_fragments_make_one_message_and_control_frames_come_between() -> None:
    stream = [
        frame(TEXT, "ä".encode()[:1], is_last=False),
        frame(PING, b"are you there"),
        frame(CONTINUATION, "ä".encode()[1:], is_last=False),
        frame(CONTINUATION, b""),
        frame(PONG),
        frame(CLOSE),
    ]
    found, code = parse(*stream)
    assert code is None
    assert found == [
        (CONTINUATION, b""),
        (PING, b"are you there"),
        (CONTINUATION, b""),
        (TEXT, "ä".encode()),
        (PONG, b""),
        (CLOSE, b""),
    ]


BROKEN = {
    "not masked": (frame(TEXT, b"x", is_masked=False), 1002),
    "not masked and empty": (frame(TEXT, b"", is_masked=False), 1002),
    "reserved bit 1 (compressed)": (frame(TEXT, b"x", reserved=4), 1002),
    "reserved bit 3": (frame(PING, b"x", reserved=1), 1002),
    "reserved opcode": (frame(3, b"x"), 1002),
    "reserved control opcode": (frame(11), 1002),
    "fragmented ping": (frame(PING, b"x", is_last=False), 1002),
    "long ping": (frame(PING, b"x" * 126), 1002),
    "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "message within a message": (frame(TEXT, b"x", is_last=False) + frame(TEXT, b"y"), 1002),
    "length that is not minimal": (b"\x81\xfe\x00\x05" + b"\0" * 9, 1002),
    "long length that is not minimal": (b"\x81\xff" + (65535).to_bytes(8, "big") + b"\0" * 4, 1002),
    "length of 2^63": (b"\x82\xff\x80" + b"\0" * 11, 1002),
    "too big": (frame(TEXT, b"x" * (LIMIT + 1)), 1009),
    "too big by its head alone": (b"\x82\xff" + (2**40).to_bytes(8, "big") + b"\0" * 4, 1009),
    "too big in fragments": (
        frame(TEXT, b"x" * LIMIT, is_last=False) + frame(CONTINUATION, b"x"),
        1009,
    ),
    "not UTF-8": (frame(TEXT, b"caf\xe9"), 1007),
    "not UTF-8 in a long frame": (frame(TEXT, b"x" * 600 + b"\xff"), 1007),
    "surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "overlong": (frame(TEXT, b"\xc0\xaf"), 1007),
    "ends within a character": (frame(TEXT, b"\xe2\x82"), 1007),
    "fragments that end within a character": (
        frame(TEXT, b"\xe2", is_last=False) + frame(CONTINUATION, b"\x82"),
        1007,
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_rule_ends_with_its_code(kind: str) -> None:
    data, code = BROKEN[kind]
    before = frame(TEXT, b"before")
    found, seen = parse(before + data)
    assert (found[0], seen) == ((TEXT, b"before"), code)
    assert parse(before, *(bytes([byte]) for byte in data)) == (found, code)


@pytest.mark.parametrize("wrong", [b"\xff", b"\xf4\x90", b"\xed\xa0\x80", b"\xc0"])
def test_wrong_text_is_refused_at_its_first_wrong_byte(wrong: bytes) -> None:
    """Not only at the end of a message, which may never come."""
    whole = frame(TEXT, "κόσμε".encode() + wrong + b"and much more", is_last=False, key=b"\1\2\3\4")
    stop = 6 + len("κόσμε".encode()) + len(wrong)
    assert parse(whole[: stop - len(wrong)])[1] is None
    assert parse(whole[:stop])[1] == 1007


def test_a_bad_head_is_refused_before_its_payload_comes() -> None:
    assert parse(b"\x83\x85")[1] == 1002
    assert parse(frame(BINARY, b"x" * (LIMIT + 1))[:8])[1] == 1009


pieces_of_a_stream = st.lists(
    st.one_of(
        st.builds(frame, st.sampled_from([TEXT, BINARY, CONTINUATION]), st.binary(max_size=40)),
        st.builds(lambda text: frame(TEXT, text.encode()), st.text(max_size=60)),
        st.builds(lambda text, n: frame(TEXT, text.encode() * n), st.text(max_size=20), st.integers(0, 60)),
        st.builds(
            lambda opcode, data, last: frame(opcode, data, is_last=last),
            st.sampled_from([TEXT, BINARY, CONTINUATION]),
            st.binary(max_size=200),
            st.booleans(),
        ),
        st.builds(frame, st.sampled_from([PING, PONG, CLOSE]), st.binary(max_size=125)),
        st.binary(max_size=12),
    ),
    max_size=8,
)


@given(pieces_of_a_stream, st.lists(st.integers(0, 3000), max_size=12))
def test_any_cut_of_the_bytes_gives_the_same(stream: list[bytes], cuts: list[int]) -> None:
    data = b"".join(stream)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    pieces = [data[start:stop] for start, stop in pairwise(places)]
    whole = parse(data)
    assert parse(*pieces) == whole
    assert parse(*(bytes([byte]) for byte in data)) == whole


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=300)), max_size=6))
def test_what_is_sent_is_what_arrives(messages: list[tuple[bool, str]]) -> None:
    payloads = [Binary(text.encode()) if binary else text.encode() for binary, text in messages]
    stream = b"".join(frame(BINARY if isinstance(p, Binary) else TEXT, p) for p in payloads)
    found, code = parse(stream)
    assert code is None
    assert [(type(payload), payload) for _, payload in found] == [(type(p), p) for p in payloads]


@given(st.binary(max_size=2000), st.binary(min_size=4, max_size=4))
def test_unmasking_is_xor(payload: bytes, key: bytes) -> None:
    assert frames.unmask(payload, key) == bytes(byte ^ key[n % 4] for n, byte in enumerate(payload))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_frames_to_clients_are_minimal_and_unmasked(size: int) -> None:
    head = {0: 2, 1: 2, 125: 2, 126: 4, 65535: 4, 65536: 10}[size]
    encoded = frames.encode(b"x" * size)
    assert (encoded[0], len(encoded), encoded[head:]) == (0x81, head + size, b"x" * size)
    assert frames.encode(Binary(b"x" * size)) == b"\x82" + encoded[1:]


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
)
def test_close_codes_that_may_be_sent(code: int) -> None:
    assert frames.read_close(frames.encode_close(code, "why")[2:]) == (code, "why")


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535])
def test_close_codes_that_may_not(code: int) -> None:
    with pytest.raises(ProtocolError, match="1002"):
        frames.read_close(code.to_bytes(2, "big"))


def test_close_frames_without_code_with_half_of_one_and_with_bad_text() -> None:
    assert frames.read_close(b"") == (1005, "")
    assert frames.encode_close(1005) == b"\x88\x00"
    with pytest.raises(ProtocolError, match="1002"):
        frames.read_close(b"\x03")
    with pytest.raises(ProtocolError, match="1007"):
        frames.read_close(b"\x03\xe8\xff")


def test_a_long_reason_is_cut_between_two_characters() -> None:
    encoded = frames.encode_close(1008, "x" + "ä" * 100)
    assert len(encoded) <= 127
    assert frames.read_close(encoded[2:]) == (1008, "x" + "ä" * 61)

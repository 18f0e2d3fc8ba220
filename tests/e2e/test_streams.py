"""One worker, real sockets: a stream's shape, its resumption, and what becomes of gone and slow readers."""

from __future__ import annotations

import time

import pytest

from tests.support.calls import new_name
from tests.support.fixtures import StartStage
from tests.support.stage import Stage
from tests.support.wait import wait_until


def test_a_stream_opens_before_its_first_event(stage: Stage) -> None:
    source = stage.open()
    assert source.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert source.headers["cache-control"] == "no-cache, no-store"
    assert source.headers["x-accel-buffering"] == "no"
    assert source.retry is not None
    assert 1500 <= source.retry <= 4500
    assert source.last_event_id
    assert not source.events


def test_retry_is_spread(stage: Stage) -> None:
    assert len({stage.open().retry for _ in range(8)}) > 1


def test_a_notification_is_relayed_verbatim(stage: Stage) -> None:
    source = stage.open()
    stage.notify(
        '{"a": 1,  "b":"ä\\n"}', "one\r\ntwo\rthree\nfour\n", "", " leading", ":colon", "\ufeffbom \u2028"
    )
    source.wait_for_messages(6)
    assert source.data == [
        '{"a": 1,  "b":"ä\\n"}',
        "one\ntwo\nthree\nfour\n",
        "",
        " leading",
        ":colon",
        "\ufeffbom \u2028",
    ]


def test_http_1_0_gets_no_chunks(stage: Stage) -> None:
    source = stage.open(http="1.0", keep_raw=True)
    assert "transfer-encoding" not in source.headers
    stage.notify("first", "second")
    source.wait_for_messages(2)
    assert source.data == ["first", "second"]
    assert {line.partition(b":")[0] for line in bytes(source.log).split(b"\n")} <= {
        b"retry",
        b"",
        b"id",
        b"data",
    }


def test_silence_is_filled_with_comments(start_stage: StartStage) -> None:
    stage = start_stage(HEARTBEAT_SECONDS="1")
    source = stage.open()
    seen = len(source.comments)
    began = time.monotonic()
    source.wait_for(lambda it: len(it.comments) >= seen + 2, timeout=4)
    assert time.monotonic() - began >= 0.9
    assert not source.events


@pytest.mark.parametrize("way", ["Last-Event-ID", "lastEventId", "last_event_id"])
def test_a_returning_reader_gets_what_it_missed(stage: Stage, way: str) -> None:
    first = stage.open()
    stage.notify("a", "b")
    first.wait_for_messages(2)
    first.close()
    stage.notify("c", "d")
    cursor = first.last_event_id
    is_header = way == "Last-Event-ID"
    back = stage.open(last_event_id=cursor) if is_header else stage.open(f"?{way}={cursor}")
    back.wait_for_messages(2)
    stage.notify("e")
    back.wait_for_messages(3)
    assert [event.name for event in back.events] == ["stream.resumed", "message", "message", "message"]
    assert back.events[0].data == '{"replayed": 2}'
    assert back.data == ["c", "d", "e"]


def test_a_reader_that_left_before_any_event_misses_none(stage: Stage) -> None:
    first = stage.open()
    first.close()
    stage.notify("a")
    back = stage.open(last_event_id=first.last_event_id)
    assert back.wait_for_messages(1)[0].data == "a"


def test_the_header_beats_the_query(stage: Stage) -> None:
    source = stage.open()
    stage.notify("a", "b")
    first, second = (event.last_event_id for event in source.wait_for_messages(2))
    back = stage.open(f"?last_event_id={first}", last_event_id=second)
    assert back.wait_for_event("stream.resumed").data == '{"replayed": 0}'


def test_an_unreadable_cursor_is_reset(stage: Stage) -> None:
    stage.notify("a")
    source = stage.open(last_event_id="no cursor")
    reset = source.wait_for_event("stream.reset")
    assert reset.data == '{"reason": "unknown_cursor"}'
    stage.notify("b")
    source.wait_for_messages(1)
    assert source.data == ["b"]
    again = stage.open(last_event_id=reset.last_event_id)
    again.wait_for_messages(1)
    assert again.data == ["b"]


def test_a_gap_longer_than_the_history_is_reset(start_stage: StartStage) -> None:
    stage = start_stage(HISTORY_SIZE="5")
    first = stage.open()
    stage.notify("before")
    first.wait_for_messages(1)
    first.close()
    stage.notify(*(f"missed {number}" for number in range(10)))
    back = stage.open(last_event_id=first.last_event_id)
    assert back.wait_for_event("stream.reset").data == '{"reason": "history_lost"}'
    stage.notify("after")
    back.wait_for_messages(1)
    assert back.data == ["after"]


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
@pytest.mark.parametrize("http", ["1.1", "1.0"])
def test_a_gone_reader_is_noticed_at_once(stage: Stage, reset: bool, http: str) -> None:
    """And not with the next heartbeat (15 s)."""
    source = stage.open(http=http)
    port = source.local_port
    assert port in stage.hub.held_connections()
    source.close(reset=reset)
    wait_until(lambda: port not in stage.hub.held_connections(), 5, "the worker to let go of the connection")


def test_many_gone_readers_leave_nothing_behind(stage: Stage) -> None:
    sources = [stage.open() for _ in range(30)]
    ports = {source.local_port for source in sources}
    for source in sources:
        source.close()
    wait_until(lambda: not ports & stage.hub.held_connections(), 5, "the worker to let go of all")
    stage.notify("to nobody")


def test_a_stalled_reader_is_cut_and_resumes_while_others_go_on(stage: Stage) -> None:
    fast = stage.open()
    slow = stage.open(receive_buffer=16384, reconnect=True)
    slow.stop_reading()
    # More than the buffer of a subscriber (1 MiB) and those of the kernel, less than the history (8 MiB).
    bodies = [f"{number}:" + "x" * 500_000 for number in range(14)]
    for number, body in enumerate(bodies, 1):
        stage.notify(body)
        fast.wait_for_messages(number, timeout=10)
    slow.resume_reading()
    closed = slow.wait_for_event("stream.closed", timeout=10)
    assert '"slow_consumer"' in closed.data
    slow.wait_for_messages(14, timeout=10)
    assert slow.opened == 2
    assert [text[:10] for text in slow.data] == [body[:10] for body in bodies]
    assert fast.data == bodies
    assert fast.attempts == 1


def test_one_event_larger_than_the_buffer_fits(start_stage: StartStage) -> None:
    stage = start_stage(SUBSCRIBER_BUFFER_BYTES="10000")
    source = stage.open()
    body = "x" * 500_000
    stage.notify(body)
    source.wait_for_messages(1)
    assert source.data == [body]
    assert source.is_open


def test_over_the_cap_of_streams_a_client_is_asked_to_come_later(start_stage: StartStage) -> None:
    stage = start_stage(MAX_STREAMS="2")
    held = [stage.open(), stage.open()]
    refused = stage.start_stream().wait_over()
    assert refused.status == 200
    assert refused.retry is not None
    assert 10_000 <= refused.retry <= 30_000
    assert '"overloaded"' in refused.named("stream.closed")[0].data
    held[0].close()

    def has_room() -> bool:
        source = stage.start_stream()
        source.wait_open()
        return not source.named("stream.closed") and source.is_open

    wait_until(has_room, 10, "the place of the one who left")


def test_refusals_keep_their_statuses(stage: Stage) -> None:
    _, charlies = stage.hub.register(new_name("Charlie"))
    unknown = "00000000-0000-4000-8000-000000000000"
    path = f"/sse/updates/{stage.constellation}"
    statuses = {
        "no token": stage.hub.get(path).status_code,
        "bad token": stage.hub.get(path, token="x.y.z").status_code,
        "malformed": stage.hub.get("/sse/updates/nonsense", token=stage.token).status_code,
        "absent": stage.hub.get(f"/sse/updates/{unknown}", token=stage.token).status_code,
        "stranger": stage.hub.get(path, token=charlies).status_code,
    }
    assert statuses == {"no token": 401, "bad token": 401, "malformed": 404, "absent": 404, "stranger": 403}


def test_head_opens_no_stream(start_stage: StartStage) -> None:
    """None is counted either: there is room for one, and it is still free."""
    stage = start_stage(MAX_STREAMS="1")
    path = f"/sse/updates/{stage.constellation}"
    for _ in range(3):
        answer = stage.hub.request("HEAD", path, token=stage.token, timeout=3)
        assert answer.status_code in (200, 405)
        assert not answer.content
    source = stage.open()
    assert source.is_open
    assert not source.named("stream.closed")

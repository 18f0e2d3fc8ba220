"""Behind nginx: streams flow, ends and departures get through, and the connections stay usable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.fixtures import OpenStream, StartStage
from tests.support.nginx import HTTP_1_0, KEEP_ALIVE, Nginx, find_nginx
from tests.support.stage import Stage
from tests.support.wait import wait_until

InFront = Callable[..., Nginx]


@pytest.fixture
def in_front(tmp_path: Path) -> Iterator[InFront]:
    """`in_front(stage)` → a started nginx before the stage's hub."""
    if find_nginx() is None:
        pytest.skip("no nginx on this machine (scripts/test-services --with nginx installs it)")
    made: list[Nginx] = []

    def start(stage: Stage, proxy: str = KEEP_ALIVE) -> Nginx:
        made.append(Nginx(tmp_path / f"nginx{len(made)}", stage.hub.port, proxy))
        return made[-1].start()

    yield start
    for nginx in made:
        nginx.stop()


@pytest.mark.parametrize("writer", ["poller", "generator"])
@pytest.mark.parametrize("proxy", [KEEP_ALIVE, HTTP_1_0], ids=["HTTP/1.1", "HTTP/1.0"])
def test_events_pass_at_once(
    start_stage: StartStage, in_front: InFront, open_stream: OpenStream, proxy: str, writer: str
) -> None:
    stage = start_stage(STREAM_WRITER=writer)
    nginx = in_front(stage, proxy)
    source = open_stream(nginx.updates_url(stage.constellation), token=stage.token).wait_open()
    source.wait_for(lambda it: it.last_event_id)
    for number in range(5):
        stage.notify(f"{number}\nsecond line")
        source.wait_for_messages(number + 1, timeout=5)
    assert source.data == [f"{number}\nsecond line" for number in range(5)]


def test_an_ended_stream_spoils_no_connection(
    start_stage: StartStage, in_front: InFront, open_stream: OpenStream
) -> None:
    """nginx keeps connections to the hub; one on which a stream ended must not be used again."""
    stage = start_stage()
    nginx = in_front(stage)
    for _ in range(4):
        sources = [
            open_stream(nginx.updates_url(stage.constellation), token=stage.token).wait_open()
            for _ in range(10)
        ]
        for source in sources:
            source.wait_for(lambda it: it.last_event_id)
        fresh = stage.hub.login(stage.name)
        assert stage.hub.post("/logout", token=stage.token).status_code == 200
        for source in sources:
            source.wait_over()
            assert [event.data for event in source.named("stream.closed")] == ['{"reason": "logged_out"}']
        stage.token = fresh
        for _ in range(100):
            answer = nginx.notify(stage.constellation, stage.token, "x")
            assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("writer", ["poller", "generator"])
def test_a_departure_is_noticed_behind_it(
    start_stage: StartStage, in_front: InFront, open_stream: OpenStream, writer: str
) -> None:
    stage = start_stage(STREAM_WRITER=writer)
    nginx = in_front(stage)
    source = open_stream(nginx.updates_url(stage.constellation), token=stage.token).wait_open()
    source.wait_for(lambda it: it.last_event_id)
    source.close()
    wait_until(lambda: "reason='client_gone'" in stage.hub.log, 5, lambda: stage.hub.log[-500:])

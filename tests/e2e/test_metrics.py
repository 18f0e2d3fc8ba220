"""GET /metrics of a real server: the sum of its workers, whichever is asked and whatever becomes of them."""

from __future__ import annotations

import signal
from http.client import HTTPException
from pathlib import Path

import gevent
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from tests.support.exposition import Numbers, numbers, read, scrape, totals
from tests.support.fixtures import StartHub, StartStage
from tests.support.hub import HubProcess
from tests.support.services import RedisServer
from tests.support.stage import Stage
from tests.support.wait import wait_until

NOTIFY = ("hub_http_requests_total", "POST", "/sse/notify/<constellation_uuid>", "200")
PUBLISHED = ("hub_events_published_total",)
DELIVERED = ("hub_events_delivered_total",)
STREAMS = ("hub_streams",)
OPENED = ("hub_streams_opened_total",)
WORKERS = ("hub_workers",)


def publish_on_both(stage: Stage, each: int) -> None:
    for publisher in stage.publishers():
        publisher.publish(each)
        publisher.close()


def wait_for(hub: HubProcess, expected: Numbers, pid: int | None = None) -> None:
    """The numbers of other workers come within about a second."""
    found: Numbers = {}

    def is_there() -> bool:
        found.clear()
        found.update(read(hub, pid))
        return all(found.get(key) == value for key, value in expected.items())

    wait_until(is_there, 10, lambda: f"{expected}, not {[found.get(key) for key in expected]}")


class Watch:
    """Scrapes any worker again and again: no total may ever fall."""

    def __init__(self, hub: HubProcess) -> None:
        self.hub, self.rounds, self.is_over = hub, 0, False
        self.fallen: list[tuple[tuple[str, ...], float, float | None]] = []
        self._greenlet = gevent.spawn(self._work)

    def _work(self) -> None:
        before: Numbers = {}
        while not self.is_over:
            try:
                now = totals(self.hub)
            except (OSError, HTTPException):
                continue  # that worker was just killed
            fell = [key for key, value in before.items() if now.get(key, 0) < value]
            self.fallen += [(key, before[key], now.get(key)) for key in fell]
            before, self.rounds = now, self.rounds + 1
            gevent.sleep(0.02)

    def end(self) -> None:
        """After some more rounds."""
        aim = self.rounds + 20
        wait_until(lambda: self._greenlet.dead or self.rounds >= aim, 20, "more scrapes")
        self.is_over = True
        self._greenlet.get(timeout=20)
        assert not self.fallen


def folder_of(hub: HubProcess) -> Path:
    """Where the workers share their numbers: the master holds it open."""
    for fd in Path(f"/proc/{hub.child.pid}/fd").iterdir():
        target = fd.readlink()
        if target.name.startswith("hub-metrics-"):
            return target
    raise AssertionError("the master holds no such folder")


def test_every_worker_tells_the_sum_of_all(start_pair: StartStage) -> None:
    stage = start_pair()
    sources = stage.open_on_both(5)
    publish_on_both(stage, 20)
    for source in sources:
        source.wait_for_messages(40)
    n = len(sources)
    expected = {NOTIFY: 40, PUBLISHED: 40, DELIVERED: 40 * n, STREAMS: n, OPENED: n, WORKERS: 2}
    for pid in stage.hub.worker_pids():
        wait_for(stage.hub, expected, pid)
        found = numbers(list(parse_openmetrics(scrape(stage.hub, pid, "application/openmetrics-text"))))
        assert {key: found[key] for key in expected} == expected
        assert found["hub_stream_written_bytes_total",] > 40 * n * len("data: ")


def test_totals_never_fall_when_a_worker_is_killed(start_pair: StartStage) -> None:
    stage = start_pair()
    hub, sources = stage.hub, stage.open_on_both(4)
    publish_on_both(stage, 10)
    for source in sources:
        source.wait_for_messages(20)
    victim = hub.worker_pids()[0]
    kept = {NOTIFY: 20, PUBLISHED: 20, DELIVERED: 20 * len(sources), OPENED: len(sources)}
    wait_for(hub, kept, victim)
    left = len(sources) - len(hub.streams_of(sources, victim))
    watch = Watch(hub)
    hub.kill_worker(victim)
    wait_until(lambda: victim not in hub.worker_pids() and len(hub.worker_pids()) == 2, 10, "a new worker")
    hub.wait_ready()
    for pid in hub.worker_pids():
        wait_for(hub, kept | {WORKERS: 2, STREAMS: left}, pid)
    watch.end()
    publish_on_both(stage, 5)
    for pid in hub.worker_pids():
        wait_for(hub, {NOTIFY: 30}, pid)


def test_totals_never_fall_when_the_server_reloads(start_pair: StartStage) -> None:
    stage = start_pair()
    hub = stage.hub
    publish_on_both(stage, 10)
    wait_for(hub, {NOTIFY: 20, PUBLISHED: 20})
    watch = Watch(hub)
    old = set(hub.worker_pids())
    hub.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not old & set(hub.worker_pids()), 60, "new workers")
    hub.wait_ready()
    for pid in hub.worker_pids():
        wait_for(hub, {NOTIFY: 20, PUBLISHED: 20, WORKERS: 2}, pid)
    watch.end()
    folder = folder_of(hub)
    wait_until(lambda: len(list(folder.glob("*.json"))) == 3, 5, "two files of workers, and one of the dead")
    assert (folder / "ended.json").exists()


def test_the_lag_of_the_broker_is_measured(start_pair: StartStage, own_redis: RedisServer) -> None:
    hub = start_pair().hub
    rounds = ("hub_broker_round_trip_seconds_count",)
    wait_until(lambda: read(hub)[rounds] >= 4, 10, "round trips")
    found = read(hub)
    assert found["hub_broker_connected",] == 2
    assert 0 < found["hub_broker_lag_seconds",] < 1
    own_redis.pause()
    try:
        wait_until(lambda: read(hub)["hub_broker_silence_seconds",] > 2, 10, "silence")
    finally:
        own_redis.resume()
    wait_until(lambda: read(hub)["hub_broker_connected",] == 2, 15, "everybody to hear it again")


def test_nothing_is_left_in_memory(hub: StartHub) -> None:
    process = hub()
    folder = folder_of(process)
    assert folder.is_dir()
    process.terminate()
    assert not folder.exists()


def test_what_a_killed_server_left_is_tidied_up(hub: StartHub) -> None:
    killed, running = hub(), hub()
    left, used = folder_of(killed), folder_of(running)
    pids = killed.worker_pids()
    killed.child.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 20, "the end of its workers")
    hub()  # as any other that starts on this machine
    assert not left.exists()
    assert used.exists()

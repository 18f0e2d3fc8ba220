"""Two workers over Redis: failures around a stream cost its subscriber no event."""

from __future__ import annotations

import json
import shutil
import signal
import time
from functools import partial
from pathlib import Path

import gevent
import pytest

from tests.support.burst import assert_same_for_all, run_burst
from tests.support.fixtures import StartStage
from tests.support.health import wait_health
from tests.support.hub import ROOT
from tests.support.services import PostgresServer, RedisServer
from tests.support.wait import wait_until


def test_a_killed_worker_costs_no_event(start_pair: StartStage) -> None:
    stage = start_pair()
    publishers = stage.publishers()
    sources = stage.open_on_both(20, each=5, reconnect=True)
    victim = stage.hub.worker_pids()[0]
    hit = stage.hub.streams_of(sources, victim)

    run_burst(stage, publishers, 1000, lambda: stage.hub.kill_worker(victim))

    assert_same_for_all(sources, publishers)
    assert all(source.named("stream.resumed") for source in hit)
    assert all(source.opened == 1 for source in sources if source not in hit)
    stage.hub.wait_ready()


def test_a_reload_of_all_workers_costs_no_event(start_pair: StartStage) -> None:
    """SIGHUP: new workers start; the old ones close their streams and finish their requests."""
    stage = start_pair()
    publishers = stage.publishers()
    sources = stage.open_on_both(10, each=2, reconnect=True)
    old = set(stage.hub.worker_pids())

    run_burst(stage, publishers, 500, lambda: stage.hub.child.send_signal(signal.SIGHUP))

    assert_same_for_all(sources, publishers)
    wait_until(lambda: not old & set(stage.hub.worker_pids()), 60, "the old workers' end")
    for source in sources:
        source.wait_open(2)
        assert '"shutdown"' in source.named("stream.closed")[0].data


def test_a_stop_in_the_middle_of_a_reload_is_as_polite_as_any(start_pair: StartStage) -> None:
    """The old workers are waiting for new ones at that moment, which will never be ready."""
    stage = start_pair()
    sources, old = stage.open_on_both(4), set(stage.hub.worker_pids())
    stage.hub.child.send_signal(signal.SIGHUP)
    wait_until(lambda: len(set(stage.hub.worker_pids()) - old) == 2, 20, "new workers")
    assert stage.hub.terminate().code == 0
    for source in sources:
        assert '"shutdown"' in source.wait_for_event("stream.closed").data


def test_new_workers_that_can_not_start_end_the_hub_politely(start_pair: StartStage, tmp_path: Path) -> None:
    """Although the trial succeeded: they lack memory, for example."""
    doom = tmp_path / "doom"
    stage = start_pair(application="tests.support.doomed:app", DOOM=str(doom))
    sources = stage.open_on_both(4)
    doom.touch()
    stage.hub.child.send_signal(signal.SIGHUP)
    assert stage.hub.wait_exit(60) != 0
    for source in sources:
        assert '"shutdown"' in source.wait_for_event("stream.closed").data


def test_a_reload_with_invalid_settings_ends_nobody(start_stage: StartStage, tmp_path: Path) -> None:
    secret = tmp_path / "jwt"
    secret.write_text("a secret of the tests, and a long one")
    stage = start_stage(JWT_SECRET_KEY_FILE=str(secret))
    hub, source = stage.hub, stage.open()
    old = hub.worker_pids()
    secret.rename(tmp_path / "away")
    hub.child.send_signal(signal.SIGHUP)
    wait_until(lambda: "Nothing is reloaded" in hub.log, 10, "the refusal")
    assert f"JWT_SECRET_KEY_FILE is '{secret}', which can't be read" in hub.log
    stage.notify("still here")
    source.wait_for(lambda it: it.data == ["still here"])
    assert hub.worker_pids() == old

    (tmp_path / "away").rename(secret)
    hub.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(old) & set(hub.worker_pids()), 60, "the old worker's end")
    assert '"shutdown"' in source.wait_for_event("stream.closed").data


def test_a_stop_in_the_middle_of_a_trial_is_as_polite_as_any(start_stage: StartStage, tmp_path: Path) -> None:
    release, tried = tmp_path / "release.py", tmp_path / "tried"
    release.write_text("from wsgi import app\n")
    stage = start_stage(application="release:app", PYTHONPATH=str(tmp_path))
    source = stage.open()
    release.write_text(f"import pathlib, time\npathlib.Path({str(tried)!r}).touch()\ntime.sleep(300)\n")
    stage.hub.child.send_signal(signal.SIGHUP)
    wait_until(tried.exists, 30, "the trial")
    ended = stage.hub.terminate()
    assert ended.code == 0
    stage.hub.assert_ended_politely(ended)
    assert '"shutdown"' in source.wait_for_event("stream.closed").data


def test_a_reload_brings_a_release_with_settings_and_hooks_of_its_own(
    start_stage: StartStage, tmp_path: Path
) -> None:
    """Settings and hooks are those on the disk, not those that the main process loaded at its start."""
    for name in ("app", "config", "server"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("wsgi.py", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, tmp_path)
    stage = start_stage(release=tmp_path)
    hub, source = stage.hub, stage.open()
    old = hub.worker_pids()
    lines = [
        ("config/base.py", "NEW = True"),
        ("wsgi.py", "from config.base import NEW"),
        ("server/generations.py", "NEW = True"),
        ("gunicorn.conf.py", "from server.generations import NEW"),
    ]
    for name, line in lines:
        with (tmp_path / name).open("a") as file:
            file.write(f"\n{line}\n")
    hub.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(old) & set(hub.worker_pids()), 60, lambda: hub.log)
    assert '"shutdown"' in source.wait_for_event("stream.closed").data
    assert hub.get("/health/ready").status_code == 200


def test_a_reload_with_a_release_that_does_not_start_ends_nobody(
    start_stage: StartStage, tmp_path: Path
) -> None:
    release = tmp_path / "release.py"
    release.write_text("from wsgi import app\n")
    stage = start_stage(application="release:app", PYTHONPATH=str(tmp_path))
    hub, source = stage.hub, stage.open()
    old = hub.worker_pids()
    release.write_text("raise RuntimeError('half a release')\n")
    hub.child.send_signal(signal.SIGHUP)
    wait_until(lambda: "Nothing is reloaded" in hub.log, 30, lambda: hub.log)
    assert "RuntimeError: half a release" in hub.log
    stage.notify("still here")
    source.wait_for(lambda it: it.data == ["still here"])
    assert hub.worker_pids() == old

    release.write_text("from wsgi import app\n\nassert app  # a whole one\n")
    hub.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not set(old) & set(hub.worker_pids()), 60, "the old worker's end")
    assert '"shutdown"' in source.wait_for_event("stream.closed").data


def test_cut_redis_connections_cost_no_event_and_no_reconnect(
    start_pair: StartStage, own_redis: RedisServer
) -> None:
    stage = start_pair()
    publishers = stage.publishers()
    sources = stage.open_on_both(6)

    def acknowledged() -> int:
        return sum(len(publisher.acknowledged) for publisher in publishers)

    def cut_again_and_again() -> None:
        for aim in range(acknowledged() + 150, acknowledged() + 900, 150):
            assert own_redis.kill_clients() > 0
            wait_until(partial(lambda aim: acknowledged() >= aim, aim), 30, "the burst to go on")

    run_burst(stage, publishers, 1000, cut_again_and_again)

    assert_same_for_all(sources, publishers)
    assert {source.attempts for source in sources} == {1}


def test_redis_gone_and_back_empty(start_pair: StartStage, own_redis: RedisServer) -> None:
    stage = start_pair(HEARTBEAT_SECONDS="1")
    hub, token = stage.hub, stage.token
    folder = hub.root_folder(stage.constellation, token)
    sources = stage.open_on_both(4)
    stage.notify("before")
    for source in sources:
        source.wait_for_messages(1)

    own_redis.stop()
    gone_at = time.monotonic()
    assert "broker" in wait_health(hub, 503, 5).lower()
    refused = hub.notify(stage.constellation, token, "lost")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["status"] == 503
    made = hub.post("/files", token=token, json={"name": "notes", "content": "one", "folder_uuid": folder})
    assert made.status_code == 201, made.text
    edited = hub.patch(f"/files/{made.json()['file_uuid']}", token=token, json={"content": "two"})
    assert edited.status_code == 200, edited.text
    beats = {source: len(source.comments) for source in sources}
    wait_until(lambda: time.monotonic() - gone_at >= 3, what="three seconds without Redis")
    for source in sources:
        source.wait_for(lambda it: len(it.comments) > beats[it], timeout=3)
        assert source.data == ["before"]
    own_redis.start()

    for source in sources:
        assert '"history_lost"' in source.wait_for_event("stream.reset", timeout=10).data
    wait_health(hub, 200)
    stage.notify("after")
    for source in sources:
        source.wait_for(lambda it: it.data[-1:] == ["after"])
        # The edits follow the reset, or were published before it, and the reset covers them.
        assert source.events[1].name == "stream.reset", str(source)
        assert len(source.named("stream.reset")) <= 2, str(source)
        assert "lost" not in source.data
        assert source.attempts == 1


def test_edits_made_while_redis_is_silent_are_told_in_order(
    start_pair: StartStage, own_redis: RedisServer
) -> None:
    """Redis keeps its data, so nothing is reset; each worker's waiting events arrive once and in order."""
    stage = start_pair()
    hub = stage.hub
    folder = hub.root_folder(stage.constellation, stage.token)
    sources = stage.open_on_both(2)
    headers = {"Authorization": f"Bearer {stage.token}", "Content-Type": "application/json"}
    own_redis.pause()
    try:
        wait_health(hub, 503)
        for pid in hub.worker_pids():
            connection = hub.connection(pid)
            for number in range(3):
                body = {"name": f"{pid}:{number}", "content": "", "folder_uuid": folder}
                connection.request("POST", "/files", json.dumps(body), headers)
                answer = connection.getresponse()
                assert (answer.status, answer.read() != b"") == (201, True)
            connection.close()
    finally:
        own_redis.resume()
    wait_health(hub, 200)
    for source in sources:
        source.wait_for_messages(6, timeout=10)
    stage.notify("the end")
    for source in sources:
        source.wait_for(lambda it: it.data[-1] == "the end")
        names = [json.loads(text)["data"]["name"] for text in source.data[:-1]]
        for pid in hub.worker_pids():
            of_worker = [name for name in names if name.startswith(f"{pid}:")]
            assert of_worker == [f"{pid}:{number}" for number in range(3)], str(source)
        assert source.attempts == 1
        assert not source.named("stream.reset")


def test_a_stream_opened_without_redis_waits_for_it(start_pair: StartStage, own_redis: RedisServer) -> None:
    """A status other than 200 would end an EventSource for good."""
    stage = start_pair(HEARTBEAT_SECONDS="3")
    earlier = stage.open()
    stage.notify("before")
    cursor = earlier.wait_for_messages(1)[0].last_event_id
    own_redis.stop()
    wait_health(stage.hub, 503)
    fresh, back = stage.start_stream(), stage.start_stream(last_event_id=cursor)
    for source in (fresh, back):
        source.wait_open()
        beats = len(source.comments)
        source.wait_for(lambda it, beats=beats: len(it.comments) > beats, timeout=6)  # type: ignore[misc]
        assert source.status == 200
    own_redis.start()
    assert '"history_lost"' in back.wait_for_event("stream.reset", timeout=10).data
    wait_health(stage.hub, 200)
    fresh.wait_for(lambda it: it.last_event_id)
    stage.notify("after")
    for source in (fresh, back):
        source.wait_for(lambda it: it.data == ["after"])


def test_a_long_absence_of_redis_is_survived(start_pair: StartStage, own_redis: RedisServer) -> None:
    """Half a minute is more than a hundred attempts to connect: no attempt may leak a resource."""
    stage = start_pair()
    sources = stage.open_on_both(2)
    own_redis.stop()
    gone_at = time.monotonic()
    wait_until(lambda: time.monotonic() - gone_at > 30, 31, "half a minute without Redis")
    own_redis.start()
    wait_health(stage.hub, 200)
    for source in sources:
        source.wait_for_event("stream.reset", timeout=10)
    stage.notify("after")
    for source in sources:
        source.wait_for(lambda it: it.data == ["after"])
        assert source.attempts == 1


def test_streams_stay_while_redis_connections_are_cut_at_rest(
    start_pair: StartStage, own_redis: RedisServer
) -> None:
    """A listener that loses its connection while no event is published must notice it by itself."""
    stage = start_pair()
    sources = stage.open_on_both(2)
    own_redis.kill_clients()
    wait_health(stage.hub, 200)
    stage.notify("after")
    for source in sources:
        source.wait_for(lambda it: it.data == ["after"])
        assert source.attempts == 1


@pytest.mark.parametrize("how", ["cut", "gone"])
def test_rights_taken_while_redis_is_away_are_enforced_on_its_return(
    how: str, start_pair: StartStage, own_redis: RedisServer
) -> None:
    stage = start_pair()
    bob, bobs_token = stage.join()
    his, hers = stage.open_on_both(2, token=bobs_token), stage.open_on_both(2)
    if how == "gone":
        own_redis.stop()
    else:
        own_redis.kill_clients()
    stage.hub.disconnect(stage.constellation, stage.token, bob)
    if how == "gone":
        own_redis.start()
    for source in his:
        assert '"rights_revoked"' in source.wait_for_event("stream.closed", timeout=5).data
    wait_health(stage.hub, 200)
    stage.notify("only hers")
    for source in hers:
        source.wait_for(lambda it: "only hers" in it.data)


def test_postgres_and_redis_under_two_workers(
    start_stage: StartStage, redis_url: str, own_postgres: PostgresServer
) -> None:
    """Writes from both workers at once, then cut database connections: no request fails."""
    stage = start_stage(workers=2, redis_url=redis_url, database_url=own_postgres.create_database())
    folder = stage.hub.root_folder(stage.constellation, stage.token)
    sources = stage.open_on_both(4)

    def make_file(number: int) -> int:
        body = {"name": f"file {number}", "content": "", "folder_uuid": folder}
        return stage.hub.post("/files", token=stage.token, json=body).status_code

    greenlets = [gevent.spawn(make_file, number) for number in range(40)]
    gevent.joinall(greenlets, timeout=30)
    assert [greenlet.value for greenlet in greenlets] == [201] * 40
    for source in sources:
        source.wait_for_messages(40)
        assert len({json.loads(text)["data"]["name"] for text in source.data}) == 40
    assert {source.attempts for source in sources} == {1}
    assert own_postgres.kill_clients() > 0
    assert [make_file(number) for number in range(40, 50)] == [201] * 10

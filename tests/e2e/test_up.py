"""`make up`: nginx, PostgreSQL, Redis and the hub on this machine, as a client sees them over https."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from deploy.machine import programs
from deploy.machine.daemon import Failed
from tests.e2e.walks import WALKS, Walk
from tests.support.calls import new_name
from tests.support.deployment import Deployment, is_running
from tests.support.fixtures import OpenStream
from tests.support.nginx import find_nginx
from tests.support.process import Child
from tests.support.services import find_postgres, find_redis
from tests.support.wait import wait_until


@pytest.fixture(scope="module")
def up() -> Iterator[Deployment]:
    """The deployment that all tests here share."""
    there = [find_nginx(), find_postgres(), find_redis(), shutil.which("openssl"), shutil.which("envsubst")]
    if not all(there):
        pytest.skip(
            "no nginx, PostgreSQL, Redis, openssl or envsubst on this machine (scripts/test-services)"
        )
    deployment = Deployment()
    try:
        deployment.up()
        yield deployment
        print(deployment.logs[-6000:])
    finally:
        deployment.close()


class Stage:
    """Alice, her constellation and the way to its stream."""

    def __init__(self, up: Deployment) -> None:
        self.name = new_name("alice")
        _, self.token = up.register(self.name)
        self.constellation = up.constellation(self.token)
        self.url = up.updates_url(self.constellation)


@pytest.fixture
def stage(up: Deployment) -> Stage:
    return Stage(up)


@pytest.mark.parametrize("walk", WALKS)
def test_a_family(up: Deployment, walk: Walk) -> None:
    walk(up)


def test_it_is_ready(up: Deployment) -> None:
    answer = up.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_a_stream_over_http_2(up: Deployment, stage: Stage, tmp_path: Path) -> None:
    """curl has HTTP/2, as browsers have; the event is there while the stream is still open."""
    body, head = tmp_path / "body", tmp_path / "head"
    options = ["-sN", "--http2", "--cacert", up.certificate, "-D", head, "-o", body]
    child = Child(["curl", *map(str, options), f"{stage.url}?token={stage.token}"], tmp_path / "log")
    wait_until(lambda: body.exists() and "\nid: " in body.read_text(), 5, child.tail)
    assert up.notify(stage.constellation, stage.token, "hello").status_code == 200
    wait_until(lambda: "data: hello\n" in body.read_text(), 5, body.read_text)
    assert head.read_text().startswith("HTTP/2 200")
    child.stop()


def test_the_hub_restarts(up: Deployment, stage: Stage, open_stream: OpenStream) -> None:
    """A reader is told, kept alive meanwhile, and gets what it missed; others learn that it is away."""
    source = open_stream(stage.url, token=stage.token, tls=up.tls, reconnect=True)
    source.wait_for(lambda it: it.last_event_id)
    assert up.notify(stage.constellation, stage.token, "before").status_code == 200
    source.wait_for_messages(1)
    before = up.pids
    up.stop_hub()
    source.wait_for(lambda it: it.retry and it.retry >= 5000)
    assert {event.data for event in source.named("stream.closed")} == {'{"reason": "shutdown"}'}
    away = up.get("/constellations", token=stage.token)
    assert (away.status_code, away.json()["status"]) == (502, 502)
    said = up.up()
    assert "hub started" in said and "nginx runs already" in said
    assert {name for name, pid in up.pids.items() if before[name] != pid} == {"hub"}
    assert up.notify(stage.constellation, stage.token, "after").status_code == 200
    source.wait_for_messages(2, timeout=10)
    assert source.data == ["before", "after"]
    assert source.failure == ""


def try_password(up: Deployment, stage: Stage, address: str, **headers: str) -> int:
    """From an address of this machine; the status."""
    connection = HTTPSConnection(
        "127.0.0.1", up.port, context=up.tls, source_address=(address, 0), timeout=10
    )
    wrong = json.dumps({"name": stage.name, "password": "wrong"})
    connection.request("POST", "/login", wrong, {"Content-Type": "application/json", **headers})
    status = connection.getresponse().status
    connection.close()
    return status


def test_only_nginx_is_believed_about_addresses(up: Deployment, stage: Stage) -> None:
    """Attempts to log in are counted by address: nobody gets new ones by naming other addresses."""
    forged = [
        try_password(up, stage, "127.0.0.1", **{"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(11)
    ]
    assert (forged[0], forged[-1]) == (401, 429)
    assert try_password(up, stage, "127.0.0.2") == 401


def test_a_request_has_one_name_and_one_address(up: Deployment) -> None:
    """In nginx's log, in the hub's and in the answer; what the client calls it is its own business."""
    answer = up.get("/users/nobody", headers={"X-Request-ID": "mine", "X-Forwarded-For": "203.0.113.9"})
    name = answer.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", name)
    for log in ("access.log", "hub.log"):
        wait_until(lambda log=log: name in up.log(log), what=log)  # type: ignore[misc]
        line = next(line for line in up.log(log).splitlines() if name in line)
        assert "127.0.0.1" in line and "203.0.113.9" not in line


def test_a_body_is_refused_in_the_hub_s_words(up: Deployment, stage: Stage) -> None:
    answer = up.notify(stage.constellation, stage.token, b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()) == (413, {"error": "Request body too large", "status": 413})


def test_nothing_secret_is_told(up: Deployment, stage: Stage) -> None:
    """Tokens of queries are in no log, and files with secrets are for their owner alone."""
    assert up.get(f"/sse/updates/none?token={stage.token}").status_code == 404
    wait_until(lambda: '"path":"/sse/updates/none"' in up.log("access.log"))
    assert stage.token not in up.logs
    for name in ("secrets", "log", "tls", "redis"):
        assert stat.S_IMODE((up.folder / name).stat().st_mode) == 0o700
    for file in [*up.folder.glob("secrets/*"), up.folder / "hub.env", up.folder / "tls/key.pem"]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_all_of_it_listens_on_loopback_only(up: Deployment) -> None:
    mine = set(up.ports.values())
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    local = [line.split()[1] for table in tables for line in table if line.split()[3] == "0A"]
    heard = {int(port, 16): address for address, port in (it.split(":") for it in local)}
    assert {heard.get(port) for port in mine} == {"0100007F"}


def test_it_is_the_whole_production(up: Deployment) -> None:
    """Several workers, each with a connection to each of the others."""
    settings = (up.folder / "hub.env").read_text()
    assert {"APP_CONFIG=production", "TRUSTED_PROXIES=1"} <= set(settings.splitlines())
    workers = int(up.setting("WEB_CONCURRENCY"))
    assert workers >= 2
    assert len(re.findall("Booting worker", up.log("hub.log"))) % workers == 0


def test_up_again_changes_nothing(up: Deployment) -> None:
    before = up.pids
    assert up.up().count("runs already") == 4
    assert up.pids == before and len(before) == 4


def test_down_leaves_nothing_running(up: Deployment) -> None:
    """The last one here. What it keeps is the data: who had an account has it after the next `up`."""
    processes, files = up.processes(), up.folder / "run"
    assert len(processes) > 4
    said = up.down()
    assert said.split() == ["hub", "stopped", "nginx", "stopped", "redis", "stopped", "postgres", "stopped"]
    assert not [pid for pid in processes if is_running(pid)]
    assert not list(files.glob("*.pid"))
    assert up.down() == ""


def test_down_ends_only_what_up_started(tmp_path: Path) -> None:
    """An id in a pid file that belongs to somebody else by now."""
    bystander = Child(["sleep", "60"], tmp_path / "log")
    deployment = Deployment()
    (deployment.folder / "run").mkdir()
    (deployment.folder / "run/hub.pid").write_text(f"{bystander.pid} 1\n")
    deployment.close()
    assert bystander.is_running
    bystander.stop()


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not root has to install it."""
    monkeypatch.setitem(programs.PACKAGES, "no-such-program", "such")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Failed, match="Please install such"):
        programs.install_missing()

"""flask stats"""

import json
from collections.abc import Callable
from pathlib import Path

import jwt
import pytest
from click import unstyle
from click.testing import Result
from flask import Flask

from app.accounts.service import create_user
from app.cli import credentials, figures
from app.cli.terminal import amount, duration, sparkline, table
from tests.support.calls import new_name
from tests.support.fixtures import StartHub
from tests.support.nginx import Nginx, find_nginx
from tests.support.shell import Command
from tests.support.stage import Stage
from tests.support.wait import wait_until

Run = Callable[..., Result]
Beside = Callable[..., Run]


def make_operator(run: Run) -> str:
    name = new_name("Olga")
    assert run("user", "create", name, f"{name}@example.org", "--password", "x", "--operator").exit_code == 0
    return name


def test_a_table(stage: Stage, here: Run) -> None:
    make_operator(here)
    stage.open()
    result = here("stats")
    head, row, *more = result.stdout.splitlines()
    assert result.exit_code == 0 and head.split() == list(figures.HEAD)
    cells = dict(zip(figures.HEAD, row.split("  "), strict=False))
    assert cells["worker"].endswith(f":{stage.hub.worker_pids()[0]}")
    assert any(line.startswith("streams: constellation ") for line in more)


def test_of_two_workers(pair: Stage, beside: Beside) -> None:
    run = beside(pair.hub)
    make_operator(run)
    wait_until(lambda: "\n2 workers" in run("stats").stdout, 10, "both workers' answer")

    def are_both_there() -> bool:
        found = json.loads(run("stats", "--json").stdout)
        return len(found["workers"]) == 2 and found["partial"] is False

    wait_until(are_both_there, 10, "both workers' answer as JSON")


def test_again_and_again(here: Run) -> None:
    make_operator(here)
    looks = here("stats", "--watch", "--interval", 0.1, "--count", 3).stdout.split("\n\n")
    assert [look.count("delivered/s") for look in looks] == [0, 1, 1]
    assert all("▁" in look for look in looks)
    lines = here("stats", "--watch", "--interval", 0.1, "--count", 2, "--json").stdout.splitlines()
    assert [json.loads(line)["partial"] for line in lines] == [False, False]


def test_until_it_is_interrupted(hub: StartHub, beside: Beside) -> None:
    process = hub()
    make_operator(beside(process))
    command = Command(process, "stats", "--watch", "--interval", "0.1")
    command.wait_for("published/s")
    assert command.interrupt() == 130
    assert "Traceback" not in command.text


def test_it_waits_for_a_hub_that_is_away(hub: StartHub, beside: Beside) -> None:
    process = hub()
    make_operator(beside(process))
    command = Command(process, "stats", "--watch", "--interval", "0.1", "--json")
    command.wait_for('"workers"')
    process.terminate()
    seen = len(command.wait_for("No hub answers"))
    process.spawn()
    command.wait_for(lambda text: '"workers"' in text[seen:])
    assert command.interrupt() == 130


@pytest.mark.skipif(find_nginx() is None, reason="no nginx on this machine")
def test_it_waits_for_a_hub_behind_a_proxy(hub: StartHub, beside: Beside, tmp_path: Path) -> None:
    process = hub()
    make_operator(beside(process))
    nginx = Nginx(tmp_path / "nginx", process.port).start()
    command = Command(process, "stats", "--watch", "--interval", "0.1", "--json", "--url", nginx.url)
    command.wait_for('"workers"')
    process.terminate()
    seen = len(command.wait_for("answered 502"))
    process.spawn()
    command.wait_for(lambda text: '"workers"' in text[seen:])
    assert command.interrupt() == 130
    nginx.stop()


def test_its_token_lives_for_minutes(app: Flask) -> None:
    with app.app_context():
        create_user("olga", "olga@example.org", "x", True)
        claims = jwt.decode(credentials.operator(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 300


def test_who_may_not(hub: StartHub, beside: Beside) -> None:
    process = hub()
    run = beside(process)
    assert "`flask --app wsgi user admin NAME` makes one" in run("stats").stderr
    _, token = process.register("Alice")
    result = run("stats", "--token", token)
    assert (result.exit_code, result.stderr) == (1, "Error: For operators only\n")


def test_the_table_of_workers() -> None:
    worker = {"host": "a", "pid": 1, "uptime": 7200, "memory": 2**26, "streams": 1200, "sockets": 3}
    worker |= {"topics": 2, "published": 5, "delivered": 1_000_000, "frames": {"in": 1, "out": 2}}
    worker |= {"lag": 0.0004, "outbox": 0, "draining": True}
    found = {"workers": [worker], "totals": {}, "partial": True, "silent": ["w2"]}
    found |= {"streams_by_kind": {"inbox": 1, "private": 2}, "stream_ends": {}, "socket_ends": {}}
    assert [unstyle(line) for line in figures.lines(found)] == [
        "worker   up  memory  streams  sockets  topics  published  delivered  in  out     lag  outbox",
        "a:1     2 h   64 MB    1,200        3       2          5  1,000,000   1    2  400 µs       0",
        "streams: private 2, inbox 1",
        "a:1 drains",
        "some workers did not answer in time: w2",
    ]


def test_rates_after_a_worker_was_lost() -> None:
    history = figures.History()
    for now, published in ((0.0, 10), (2.0, 20), (4.0, 5)):
        history.add({"streams": 1, "sockets": 0, "lag": 0, "published": published, "delivered": 0}, now)
    row = next(line for line in history.lines() if line.startswith("published/s"))
    assert unstyle(row).split()[1:] == ["█▁", "0"]


def test_figures() -> None:
    assert [amount(it) for it in (0, 512, 1536, 2**20 * 99, 2**50)] == [
        "0 B",
        "512 B",
        "1.5 KB",
        "99 MB",
        "1024.0 TB",
    ]
    times = (0, 4e-5, 0.0014, 0.012, 3.14, 60, 300, 7200, 400_000)
    assert [duration(it) for it in times] == [
        *("0.0 ms", "40 µs", "1.4 ms", "12 ms", "3.1 s", "60 s", "5 min", "2 h", "5 d")
    ]
    assert sparkline([0, 1, 2, 4, 8]) == "▁▂▃▅█" and sparkline([]) == "" and sparkline([0, 0]) == "▁▁"
    assert table([]) == []

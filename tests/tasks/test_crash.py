"""A real hub whose worker dies in the middle of a task, or is stopped: the task is done all the same."""

from typing import Any

import requests
from gevent.event import Event
from gevent.socket import socket as Socket

from tests.support.fixtures import StartHub
from tests.support.hub import HubProcess
from tests.support.services import RedisServer
from tests.support.wait import wait_until
from tests.tasks.conftest import RawServer, http, plain


def submit(hub: HubProcess, url: str) -> str:
    answer = requests.post(f"{hub.url}/tasks", json={"ad_archive_id": "1", "image_url": url}, timeout=10)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["task_id"])


def show(hub: HubProcess, task_id: str) -> dict[str, Any]:
    """The task; asked again where the worker that was asked is the one that dies."""

    def ask() -> dict[str, Any] | None:
        try:
            shown: dict[str, Any] = requests.get(f"{hub.url}/tasks/{task_id}", timeout=10).json()
        except requests.ConnectionError:
            return None
        return shown

    return wait_until(ask, 15) or {}


def completed(hub: HubProcess, task_id: str, timeout: float = 30) -> None:
    wait_until(lambda: show(hub, task_id)["status"] == "completed", timeout, lambda: str(show(hub, task_id)))


class Doorman:
    """Holds every answer with the image back until it is opened."""

    def __init__(self, server: RawServer) -> None:
        self.server, self.opened = server, Event()
        server.answers["/ad.png"] = self._answer

    def _answer(self, connection: Socket) -> None:
        self.opened.wait()
        connection.sendall(http(plain("green")))

    def wait_for(self, visitors: int) -> None:
        wait_until(lambda: len(self.server.heads) >= visitors, 15)


def test_killed(hub: StartHub, server: RawServer) -> None:
    process, doorman = hub(TASK_LEASE_SECONDS="3"), Doorman(server)
    task_id = submit(process, f"{server.url}/ad.png")
    doorman.wait_for(1)
    assert show(process, task_id)["status"] == "processing"
    (worker,) = process.worker_pids()
    process.kill_worker(worker)
    doorman.opened.set()
    wait_until(lambda: process.worker_pids() not in ([], [worker]), 15)
    process.wait_ready()
    completed(process, task_id)
    assert len(server.heads) == 2
    assert "green" in show(process, task_id)["result"]["concept_json"]["title"]


def test_killed_beside_others(
    hub: StartHub, server: RawServer, redis_server: RedisServer, postgres_url: str
) -> None:
    process = hub(workers=2, redis_url=redis_server.url, database_url=postgres_url, TASK_LEASE_SECONDS="3")
    doorman = Doorman(server)
    task_ids = [submit(process, f"{server.url}/ad.png") for _ in range(6)]
    doorman.wait_for(6)
    process.kill_worker(process.worker_pids()[0])
    doorman.opened.set()
    for task_id in task_ids:
        completed(process, task_id)


def test_stopped(hub: StartHub, server: RawServer) -> None:
    process, doorman = hub(), Doorman(server)
    task_id = submit(process, f"{server.url}/ad.png")
    doorman.wait_for(1)
    ended = process.terminate()
    assert (ended.code, ended.seconds < 8) == (0, True)
    doorman.opened.set()
    process.spawn()
    process.wait_ready()
    completed(process, task_id, timeout=10)  # not after a lease of 30 s: it was given back

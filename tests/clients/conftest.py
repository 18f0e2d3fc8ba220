"""Scenes: each is played once, for all clients at a time, and tests look at what each of them saw."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clients.audience import PATIENCE, Audience
from tests.clients.callers import Callers, closed
from tests.clients.client import DRIVERS
from tests.clients.house import House
from tests.clients.matrix import CALL, EMPTY, LARGE, LEADING, LINES, MARK, PUSHED, SHUTDOWN, UNICODE, Record
from tests.support.hub import ROOT
from tests.support.nginx import find_nginx
from tests.support.services import RedisServer
from tests.support.wait import wait_until

Scene = dict[str, Any]  # by the names of clients


@pytest.fixture(scope="session")
def house(
    tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer, browser: Browser
) -> Iterator[House]:
    there = [find_nginx(), shutil.which("node"), shutil.which("curl"), shutil.which("openssl")]
    if not all(there) or not (DRIVERS.parent / "node_modules/.installed").exists():
        pytest.skip("no nginx, node, curl, openssl or packages from npm here (scripts/test-services)")
    made = House(tmp_path_factory.mktemp("house"), redis_server.url.removesuffix("/0") + "/2", browser)
    yield made
    made.close()


@pytest.fixture(scope="session")
def text(house: House) -> Scene:
    """Texts of all kinds, and a heartbeat after them."""
    with Audience(house) as audience, house.observe(audience.constellation) as observer:
        observer.wait_for(lambda it: it.last_event_id, PATIENCE)
        audience.gather(CALL)
        audience.publish(*LINES, *UNICODE, *MARK, *LEADING, *EMPTY, "all")
        beats = len(observer.comments)
        observer.wait_for(lambda it: len(it.comments) > beats + 1, PATIENCE)
        audience.publish("end")
        observer.wait_for(lambda it: it.data[-1] == "end", PATIENCE)
        return {name: Record(said, observer.messages) for name, said in audience.told().items()}


@pytest.fixture(scope="session")
def cut(house: House) -> Scene:
    with Audience(house) as audience:
        audience.gather(CALL)
        audience.publish("before")
        audience.cut()
        house.notify(audience.constellation, "missed 1", "missed 2", "missed 3")
        house.link.heal()
        audience.wait(lambda it: it.has_seen("missed 3"))
        audience.publish("after")
        return records(audience)


@pytest.fixture(scope="session")
def early_cut(house: House) -> Scene:
    """Everybody has got the position that a fresh stream begins with, and nothing else."""
    with Audience(house) as audience:
        audience.wait(lambda it: bool(it.all("open")))
        with house.observe(audience.constellation) as observer:
            observer.wait_for(lambda it: len(it.comments) > 2, PATIENCE)
        audience.cut()
        house.notify(audience.constellation, "missed")
        house.link.heal()
        audience.gather(CALL)
        return records(audience)


@pytest.fixture(scope="session")
def unknown_cursor(house: House) -> Scene:
    with Audience(house, cursor="nonsense") as audience:
        audience.gather(CALL)
        return records(audience)


@pytest.fixture(scope="session")
def deleted(house: House) -> Scene:
    """Who is not over by then has come back three times."""
    with Audience(house) as audience:
        audience.gather(CALL)
        gone = house.edge.delete(f"/constellations/{audience.constellation}", token=house.token)
        assert gone.status_code == 200
        audience.wait(lambda it: bool(it.all("over")) or len(it.all("open")) > 3)
        return records(audience)


@pytest.fixture(scope="session")
def finished(house: House) -> Scene:
    image = base64.b64encode((ROOT / "examples/ad.png").read_bytes()).decode()
    ad = {"ad_archive_id": "spring-sale", "image_url": f"data:image/png;base64,{image}"}
    url = house.post("/api/ad-concepts", ad, house.token)["sse_url"]
    with Audience(house, url=url) as audience:
        audience.wait(lambda it: bool(it.all("over")))
        return records(audience)


@pytest.fixture(scope="session")
def restart(house: House) -> Scene:
    """The hub is away until everybody has met nginx's stream that only says when to come back."""
    with Audience(house) as audience, Callers(house) as callers:
        audience.gather(CALL)
        audience.publish("before")
        house.hub.terminate()
        ends = callers.each(lambda it: closed(it.socket))
        audience.wait(lambda it: (*SHUTDOWN,) in Record(it.said).events and len(it.all("open")) > 1)
        house.hub.spawn()
        house.hub.wait_ready()
        wait_until(lambda: house.edge.get("/health/ready").status_code == 200, 20, "nginx to notice")
        audience.publish("missed")
        return records(audience) | ends


@pytest.fixture(scope="session")
def calls(house: House) -> Scene:
    """All that happens on sockets but their end, by the titles of SOCKET_BEHAVIOURS."""
    with Callers(house) as callers:
        played = {
            "push": callers.each(lambda it: callers.receive(it, PUSHED)),
            "large push": callers.each(lambda it: callers.receive(it, LARGE)),
            "answer": callers.each(lambda it: callers.ask(it, PUSHED, PUSHED)),
            "large answer": callers.each(lambda it: callers.ask(it, "and now?", LARGE)),
            "second": callers.each(callers.connect_again),
        }
        callers.outlast_somebody_silent()
        played["ping"] = callers.each(lambda it: callers.receive(it, "still there"))
        return {name: {title: seen[name] for title, seen in played.items()} for name in played["ping"]}


def records(audience: Audience) -> Scene:
    return {name: Record(said) for name, said in audience.told().items()}

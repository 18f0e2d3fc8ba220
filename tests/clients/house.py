"""A hub behind nginx as deployments have it, and a road between nginx and the clients that can be cut."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.clients.client import DRIVERS, Client, Program, Running, Tab
from tests.support.calls import new_name
from tests.support.edge import Edge
from tests.support.eventsource import EventSource
from tests.support.hub import HubProcess
from tests.support.inbox import CLIENT
from tests.support.link import Link

SETTINGS = {
    "GATEWAY_AUTH": "token",
    "TRUSTED_PROXIES": "1",
    "HEARTBEAT_SECONDS": "1",
    "WS_PING_SECONDS": "1",
    "WS_PONG_SECONDS": "5",
    **CLIENT,
}


class House:
    """Tests call `edge`; clients come by way of `link`."""

    def __init__(self, folder: Path, redis_url: str, browser: Browser) -> None:
        self._folder = folder
        self.hub = HubProcess(folder / "hub", redis_url=redis_url, **SETTINGS).start()
        self.edge = Edge(self.hub.port)
        self.link = Link(self.edge.port)
        self.origin = f"https://127.0.0.1:{self.link.port}"
        self._context = browser.new_context(ignore_https_errors=True)
        for source in (DRIVERS, DRIVERS.parent / "node_modules"):
            shutil.copytree(source, self.edge.folder / "web/static" / source.name)
        self.service = self.edge.service_token(*CLIENT.values())
        _, self.token = self.edge.register(new_name("Alice"))

    def run(self, client: Client, url: str, token: str, cursor: str = "") -> Running:
        """`url` without the origin."""
        scheme = "wss" if url.startswith("/ws") else "https"
        asked = {"url": scheme + self.origin[5:] + url, "token": token, "cursor": cursor}
        if client.in_browser:
            return Tab(client.driver, asked, self._context, self.origin)
        log = self._folder / f"{new_name(client.driver)}.log"
        return Program(client.driver, asked, self.edge.certificate, log)

    def observe(self, constellation: str) -> EventSource:
        """By the tests' own client."""
        return EventSource(self.edge.updates_url(constellation), token=self.token, tls=self.edge.tls)

    def notify(self, constellation: str, *bodies: str) -> None:
        for body in bodies:
            assert self.edge.notify(constellation, self.token, body).status_code == 200

    def post(self, path: str, body: Any, token: str = "") -> Any:
        answer = self.edge.post(path, token=token or self.service, json=body)
        assert answer.ok, answer.text
        return answer.json()

    def close(self) -> None:
        self._context.close()
        self.link.close()
        self.edge.stop()
        self.hub.stop()

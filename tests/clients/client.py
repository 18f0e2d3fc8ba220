"""The clients; one at work is a program of `drivers/` or a page of a browser, which says what it sees.

What is said is one JSON object at a time: `{"saw": "open"}`, `{"saw": "event", "name", "data", "id"}`,
`{"saw": "lost"}` (it will be back), `{"saw": "over"}` (it will not), `{"saw": "frame", "text"}`,
`{"saw": "closed", "code", "reason"}`.
"""

from __future__ import annotations

import json
import os
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.support.hub import ROOT
from tests.support.process import Child

DRIVERS = Path(__file__).parent / "drivers"
PROGRAMS = {".py": [sys.executable], ".js": ["node"]}
Said = dict[str, Any]


@dataclass(frozen=True)
class Client:
    """`origin` is where it is from: npm, PyPI or the system. `comes_back`: by itself; else by hand."""

    name: str
    origin: str
    driver: str
    in_browser: bool = False
    comes_back: bool = True

    def __str__(self) -> str:
        return self.name


STREAMS = [
    Client("Chromium EventSource", "system", "chromium-eventsource.js", in_browser=True),
    Client("eventsource", "npm", "eventsource.js"),
    Client("eventsource-client", "npm", "eventsource-client.js"),
    Client("event-source-polyfill", "npm", "event-source-polyfill.js", in_browser=True),
    Client("@microsoft/fetch-event-source", "npm", "fetch-event-source.js", in_browser=True),
    Client("httpx-sse", "PyPI", "httpx-sse.py", comes_back=False),
    Client("sseclient-py", "PyPI", "sseclient-py.py", comes_back=False),
    Client("curl", "system", "curl.py", comes_back=False),
]
SOCKETS = [
    Client("Chromium WebSocket", "system", "chromium-websocket.js", in_browser=True),
    Client("ws", "npm", "ws.js"),
    Client("websocket-client", "PyPI", "websocket-client.py"),
    Client("websockets", "PyPI", "websockets-asyncio.py"),
]


class Running(ABC):
    """A client that was asked to open something."""

    @property
    @abstractmethod
    def said(self) -> list[Said]:
        """All so far."""

    @abstractmethod
    def send(self, text: str) -> None:
        """A frame."""

    @abstractmethod
    def close(self) -> None: ...

    def all(self, what: str) -> list[Said]:
        return [it for it in self.said if it["saw"] == what]

    def has_seen(self, data: str) -> bool:
        return any(it["data"] == data for it in self.all("event"))

    @property
    def last_frame(self) -> dict[str, Any]:
        frames = self.all("frame")
        return dict(json.loads(frames[-1]["text"])) if frames else {"text": ""}


class Program(Running):
    """A process of its own."""

    def __init__(self, driver: str, asked: dict[str, str], certificate: Path, log: Path) -> None:
        file = DRIVERS / driver
        trust = {"CERTIFICATE": str(certificate), "NODE_EXTRA_CA_CERTS": str(certificate)}
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **trust}
        argv = [*PROGRAMS[file.suffix], str(file), json.dumps(asked)]
        self._child = Child(argv, log, env=env, listens=True)
        self._said: list[Said] = []
        self._read = 0

    @property
    def said(self) -> list[Said]:
        """Lines that are no JSON are complaints: they stay in the log."""
        with self._child.log.open("rb") as log:
            log.seek(self._read)
            whole, _, _ = log.read().rpartition(b"\n")
        if whole:
            self._read += len(whole) + 1
            self._said += [json.loads(line) for line in whole.splitlines() if line.startswith(b'{"saw"')]
        return self._said

    def send(self, text: str) -> None:
        self._child.tell(json.dumps({"send": text}))

    def close(self) -> None:
        self._child.stop()

    def __str__(self) -> str:
        return self._child.tail(3000)


class Tab(Running):
    """A page of the hub's own origin."""

    def __init__(self, driver: str, asked: dict[str, str], context: BrowserContext, origin: str) -> None:
        self._page: Page = context.new_page()
        self._page.goto(f"{origin}/static/drivers/page.html")
        start = "async ([file, asked]) => { window.told = (await import(file)).run(asked, say) }"
        self._page.evaluate(start, [f"/static/drivers/{driver}", asked])

    @property
    def said(self) -> list[Said]:
        said: list[Said] = self._page.evaluate("said")
        return said

    def send(self, text: str) -> None:
        self._page.evaluate("(text) => told(text)", text)

    def close(self) -> None:
        self._page.close()

    def __str__(self) -> str:
        return json.dumps(self.said)[-3000:]

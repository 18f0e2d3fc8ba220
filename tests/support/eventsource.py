"""A client of event streams over a plain socket, which keeps all that it sees and can be waited on.

It behaves like a browser's EventSource where that matters (ids carried over, `Last-Event-ID`, a status other
than 200 stops it for good), and can do what browsers can't: send headers, stop reading, come back on another
server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult, urlsplit

import gevent
from gevent.event import Event
from gevent.ssl import SSLContext

from tests.support.http1 import BadResponse, ResponseReader
from tests.support.sse import Decoder, ServerEvent
from tests.support.wire import Transport

Condition = Callable[["EventSource"], object]


class EventSource:
    """`url` may be several: each connection takes the next one. Use it in a `with`, or call `close`.

    events       all events so far, `messages` those that would reach `onmessage`, `named(name)` the others
    opened       how many connections were answered by 200 with an event stream
    attempts     how many connections were tried
    status, headers, version, body   of the last response (`body` only of one that is no stream)
    failure      why it gave up for good, else ""
    is_open      a stream is being read now
    was_finished the last body ended by its closing chunk (or announced length), not by a cut
    log          (keep_raw) the bytes of all bodies
    """

    def __init__(
        self,
        url: str | Sequence[str],
        headers: Mapping[str, str] | None = None,
        last_event_id: str | None = None,
        *,
        reconnect: bool = False,
        retry_cap: float = 0.2,
        method: str = "GET",
        body: bytes | None = None,
        http: str = "1.1",
        keep_raw: bool = False,
        receive_buffer: int | None = None,
        token: str | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        self.urls = [url] if isinstance(url, str) else list(url)
        self.last_event_id = last_event_id or ""
        self.retry: int | None = None
        self.status: int | None = None
        self.version = ""
        self.headers: dict[str, str] = {}
        self.events: list[ServerEvent] = []
        self.messages: list[ServerEvent] = []
        self.comments: list[str] = []
        self.opened = self.attempts = 0
        self.failure = ""
        self.is_open = self.was_finished = False
        self.body = b""
        self.log = bytearray()
        self.is_over = False
        self._request_headers = dict(headers or {})
        if token is not None:
            self._request_headers["Authorization"] = f"Bearer {token}"
        self._method, self._request_body, self._http = method, body, http
        self._reconnect, self._retry_cap, self._keep_raw = reconnect, retry_cap, keep_raw
        self._wire, self._tls = Transport(receive_buffer), tls
        self._changed = Event()
        self._greenlet = gevent.spawn(self._run)

    # What a test looks at

    def named(self, name: str) -> list[ServerEvent]:
        return [event for event in self.events if event.name == name]

    @property
    def data(self) -> list[str]:
        """The data of the messages."""
        return [event.data for event in self.messages]

    @property
    def local_port(self) -> int:
        """The client's port of the present connection; 0 between connections."""
        return self._wire.local_port

    def wait_for(self, what: int | Condition, timeout: float = 5.0) -> object:
        """Wait for that many events, or for a predicate of this EventSource; returns its value."""
        if isinstance(what, int):
            return self._wait(lambda _: len(self.events) >= what, timeout, f"{what} events")
        return self._wait(what, timeout, getattr(what, "__name__", "a condition"))

    def wait_for_event(self, name: str, timeout: float = 5.0) -> ServerEvent:
        """The first event of that name."""
        self._wait(lambda _: self.named(name), timeout, f"an event {name!r}")
        return self.named(name)[0]

    def wait_for_messages(self, count: int, timeout: float = 5.0) -> list[ServerEvent]:
        self._wait(lambda _: len(self.messages) >= count, timeout, f"{count} messages")
        return self.messages

    def wait_open(self, times: int = 1, timeout: float = 5.0) -> EventSource:
        """Until `times` connections were answered by a stream, with its first bytes (`retry:` and such)."""

        def is_ready(source: EventSource) -> bool:
            return source.opened >= times and bool(source.comments or source.events or source.retry)

        self._wait(is_ready, timeout, f"opened {times} times")
        return self

    def wait_over(self, timeout: float = 5.0) -> EventSource:
        """Until the stream has ended and this client will not come back."""
        self._wait(lambda _: self.is_over, timeout, "the end")
        return self

    def __str__(self) -> str:
        tail = "\n  ".join(
            f"{event.name} id={event.last_event_id!r} {event.data[:200]!r}" for event in self.events[-8:]
        )
        return (
            f"EventSource {self.urls}: status {self.status}, {self.opened} opened of {self.attempts} tried, "
            f"open {self.is_open}, over {self.is_over} {self.failure!r}, retry {self.retry}, "
            f"last id {self.last_event_id!r}, {len(self.comments)} comments {self.comments[-3:]}, "
            f"body {bytes(self.body[:300])!r}, {len(self.messages)} messages, {len(self.events)} events, "
            f"the last:\n  {tail or '(none)'}"
        )

    # What a test does

    def stop_reading(self) -> None:
        """Leave what arrives in the kernel's buffers, as a stalled reader does."""
        self._wire.stop_reading()

    def resume_reading(self) -> None:
        self._wire.resume_reading()

    def drop(self) -> None:
        """Cut the present connection; with `reconnect` it comes back."""
        self._wire.shutdown()

    def close(self, *, reset: bool = False) -> None:
        """`reset`: by RST instead of FIN, as a client does that crashed."""
        if reset:
            self._wire.reset()
        self._greenlet.kill()
        self._wire.close()
        self.is_open, self.is_over = False, True
        self._notify()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The greenlet

    def _run(self) -> None:
        try:
            while not self.failure:
                self._connect_once(urlsplit(self.urls[self.attempts % len(self.urls)]))
                if not self._reconnect or self.failure:
                    break
                gevent.sleep(min((self.retry or 3000) / 1000, self._retry_cap))
        finally:
            self.is_over = True
            self._notify()

    def _connect_once(self, url: SplitResult) -> None:
        self.attempts += 1
        try:
            self._wire.connect(url.hostname or "127.0.0.1", url.port or 80, tls=self._tls)
            self._wire.send(self._request(url))
            self._read(ResponseReader())
        except BadResponse as error:
            self.failure = str(error)
        except OSError as error:
            # Browsers come back after a network error; without `reconnect` it is the end.
            if not self._reconnect:
                self.failure = f"{type(error).__name__}: {error}"
        finally:
            self._wire.close()
            self.is_open = False
            self._notify()

    def _request(self, url: SplitResult) -> bytes:
        headers = {"Host": url.netloc, "Accept": "text/event-stream", "Cache-Control": "no-cache"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        if self._request_body is not None:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(self._request_body))}
        headers |= self._request_headers
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        lines = [
            f"{self._method} {target} HTTP/{self._http}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + (self._request_body or b"")

    def _read(self, reader: ResponseReader) -> None:
        decoder = Decoder(self.last_event_id)
        self.body = b""
        is_known = self.was_finished = False
        while not reader.is_finished and (data := self._wire.receive()):
            body = reader.feed(data)
            if not is_known and reader.headers is not None:
                is_known = True
                self._take_head(reader)
            if self.is_open:
                self._take(decoder, body)
            else:
                self.body += body
            self._notify()
        self.was_finished = reader.is_finished
        if not is_known:
            raise ConnectionResetError("the connection ended before the head of a response")

    def _take_head(self, reader: ResponseReader) -> None:
        self.status, self.version, self.headers = reader.status, reader.version, reader.headers or {}
        is_stream = self.headers.get("content-type", "").partition(";")[0].strip() == "text/event-stream"
        if self.status == 200 and is_stream:
            self.opened += 1
            self.is_open = True
        else:
            self.failure = f"status {self.status}, {self.headers.get('content-type', 'no content type')}"

    def _take(self, decoder: Decoder, body: bytes) -> None:
        if self._keep_raw:
            self.log += body
        events = decoder.feed(body)
        self.events += events
        self.messages += [event for event in events if event.name == "message"]
        self.comments += decoder.comments
        decoder.comments.clear()
        self.last_event_id = decoder.last_event_id
        self.retry = decoder.retry if decoder.retry is not None else self.retry

    # Waiting

    def _notify(self) -> None:
        # A fresh Event per change: none is missed between looking and waiting, and none has to be cleared.
        changed, self._changed = self._changed, Event()
        changed.set()

    def _wait(self, condition: Condition, timeout: float, what: str) -> object:
        deadline = time.monotonic() + timeout
        while True:
            changed = self._changed
            value = condition(self)
            if value:
                return value
            if self.is_over:
                raise AssertionError(f"over without {what}: {self}")
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not within {timeout:g} s: {what}: {self}")
            changed.wait(left)

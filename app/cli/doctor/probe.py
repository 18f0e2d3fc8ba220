"""Measures a stream: the times at which its head, its events and its heartbeats arrive.

It is the stream of a recipient that is made for the measurement. At the end the recipient and its messages
are deleted; its token expires within seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from statistics import median
from time import monotonic
from typing import TypeAlias

import click
import gevent
import requests
from flask import Flask, current_app
from sqlalchemy import delete, select

from app.cli import credentials
from app.cli.doctor.events import forget_topic
from app.cli.eventstream import Decoder
from app.cli.remote import HubClient, object_in, read
from app.db.session import transaction
from app.notifications import live
from app.notifications.models import Delivery, Message, Recipient

EVENTS = 5
NUMBERS = {str(number): number for number in range(EVENTS)}  # by payload
GAP_SECONDS = 0.25
FIRST_SECONDS = 3.0
LATER_SECONDS = 2.0
TOKEN_SECONDS = 10  # the hub then ends the stream, and a buffering proxy delivers the rest
SERVICE_SECONDS = 60
END_SECONDS = 5.0
LUMP = 0.25
Reader: TypeAlias = "gevent.Greenlet[..., None]"


@dataclass
class Timeline:
    """Seconds since the request, measured at this end; `sent` and `came` by the number of the event."""

    began: float = field(default_factory=monotonic)
    head: float | None = None
    first: float | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    version: int = 11
    sent: dict[int, float] = field(default_factory=dict)
    came: dict[int, float] = field(default_factory=dict)
    ended: float | None = None
    heartbeat: float | None = None
    comments: int = 0
    failure: click.ClickException | None = None

    @property
    def now(self) -> float:
        return monotonic() - self.began

    @property
    def is_stream(self) -> bool:
        kind = self.headers.get("content-type", "")
        return self.status == 200 and kind.startswith("text/event-stream")

    @property
    def delays(self) -> list[float]:
        return [self.came[number] - self.sent[number] for number in sorted(self.came)]

    @property
    def delay(self) -> float:
        return median(self.delays) if self.came else 0.0

    @property
    def is_lump(self) -> bool:
        """Whether events that were sent one by one arrived all at once."""
        if len(self.came) < 2:
            return False
        spread = max(self.came.values()) - min(self.came.values())
        return spread < LUMP * (max(self.sent.values()) - min(self.sent.values()))

    @property
    def is_held_back(self) -> bool:
        """Whether events are missing, or arrived only when the stream ended."""
        return len(self.came) < len(self.sent) or (
            self.ended is not None and any(at >= self.ended - GAP_SECONDS for at in self.came.values())
        )


def take(hub: HubClient, heartbeat_seconds: float = 0) -> Timeline:
    """Opens a stream at this hub's URL, sends events to it and records their arrival. With
    `heartbeat_seconds` the stream stays open until a heartbeat arrives, at most twice as long. Raises
    ClickException."""
    name = f"doctor-{token_hex(8)}"  # no recipient of a back end
    lifetime = TOKEN_SECONDS + int(2 * heartbeat_seconds)
    token = credentials.brief_subscriber(name, lifetime)
    line = Timeline()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    reader = gevent.spawn(_read, app, hub, token, line)
    try:
        _until(lambda: line.first is not None or reader.dead, FIRST_SECONDS)
        if line.head is None or line.is_stream:
            _send(hub, name, line)
            _until(lambda: len(line.came) == EVENTS or reader.dead, LATER_SECONDS)
            _finish(line, reader, lifetime, heartbeat_seconds)
    finally:
        reader.kill()
        is_here = _delete(name)
    if line.failure is not None:
        raise line.failure
    if not is_here:
        hub.call("DELETE", f"/api/user/{name}", credentials.service(SERVICE_SECONDS))
        raise click.ClickException(f"The hub at {hub.url} has another database than this configuration.")
    return line


def _finish(line: Timeline, reader: Reader, lifetime: int, heartbeat_seconds: float) -> None:
    """Where events are missing, waits for the end of the stream, which shows whether they were held back."""
    if len(line.came) < EVENTS:
        reader.join(max(0, lifetime - line.now) + END_SECONDS)
    elif heartbeat_seconds:
        before, began = line.comments, line.now
        _until(lambda: line.comments > before or reader.dead, 2 * heartbeat_seconds)
        line.heartbeat = line.now - began if line.comments > before else None


def _read(app: Flask, hub: HubClient, token: str, line: Timeline) -> None:
    try:
        with app.app_context(), hub.stream("/sse", token) as answer:
            line.head, line.status, line.version = line.now, answer.status_code, answer.raw.version
            line.headers = {name.lower(): value for name, value in answer.headers.items()}
            if line.is_stream:
                _listen(answer, line)
            else:
                line.failure = hub.refusal(answer)
    except click.ClickException as error:
        line.failure = error


def _listen(answer: requests.Response, line: Timeline) -> None:
    decoder = Decoder()
    for chunk in read(answer):
        now = line.now
        line.first = line.first if line.first is not None else now
        for event in decoder.feed(chunk):
            if event.name == "message" and event.id:
                number = NUMBERS.get(str(object_in(event.data).get("payload")))
                if number is not None:
                    line.came.setdefault(number, now)
        line.comments = decoder.comments
    line.ended = line.now


def _send(hub: HubClient, name: str, line: Timeline) -> None:
    token = credentials.service(SERVICE_SECONDS)
    for number in range(EVENTS):
        line.sent[number] = line.now
        body = {"users": [name], "payload": str(number)}
        hub.call("POST", "/api/message/notify", token, json=body)
        gevent.sleep(max(0, line.sent[number] + GAP_SECONDS - line.now))


def _until(condition: Callable[[], bool], seconds: float) -> None:
    until = monotonic() + seconds
    while not condition() and monotonic() < until:
        gevent.sleep(0.005)


def _delete(name: str) -> bool:
    """Whether the recipient was in this database."""
    with transaction() as session:
        recipient_id = session.scalar(select(Recipient.id).where(Recipient.external_id == name))
        if recipient_id is None:
            return False
        mine = select(Delivery.message_id).where(Delivery.recipient_id == recipient_id)
        session.execute(delete(Message).where(Message.id.in_(mine)))
        session.execute(delete(Recipient).where(Recipient.id == recipient_id))
    forget_topic(live.topic(recipient_id))
    return True

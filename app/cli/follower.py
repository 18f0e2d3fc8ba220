"""Follows one stream: after a lost connection it reconnects with the cursor."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from time import sleep

import click
import requests

from app.cli.eventstream import Decoder, StreamEvent
from app.cli.remote import HubClient, HubUnreachable, object_in, read
from app.cli.terminal import plain
from app.cli.topics import RECIPIENT, TopicTarget

PAUSE_SECONDS = 1.0
LONGEST_PAUSE = 5.0
REMEMBERED = 10_000
CLOSED = "stream.closed"
# The reasons after which a reconnection is pointless; the others are temporary.
ENDS = {
    "deleted": "it was deleted",
    "rights_revoked": "the rights to read it were taken away",
    "logged_out": "the token was revoked",
}


class Follower:
    """`report` is called with a sentence when the connection opens and when it is lost."""

    def __init__(self, hub: HubClient, target: TopicTarget, report: Callable[[str], None]) -> None:
        self._hub, self._target, self._report = hub, target, report
        self._last_id = ""
        self._was_open = False
        self._last_report = ""
        self._seen: OrderedDict[str, None] = OrderedDict()

    def events(self) -> Iterator[StreamEvent]:
        """The events of the topic and of the stream itself (`stream.…`), each once, until the hub answers
        204. Raises ClickException when the hub refuses the stream for good."""
        while True:
            pause = PAUSE_SECONDS
            try:
                with self._open() as answer:
                    if not self._is_stream(answer):
                        return
                    decoder = Decoder(self._last_id)
                    yield from self._read(answer, decoder)
                    pause = decoder.retry or pause
            except HubUnreachable as error:
                if not self._was_open:
                    raise
                self._report_once(error.message.partition(": ")[0])
            sleep(min(pause, LONGEST_PAUSE))

    def _report_once(self, sentence: str) -> None:
        """Reports the sentence unless it repeats the last one."""
        if sentence != self._last_report:
            self._report(sentence)
        self._last_report = sentence

    def _open(self) -> AbstractContextManager[requests.Response]:
        return self._hub.stream(self._target.path, self._target.token(), last_id=self._last_id)

    def _is_stream(self, answer: requests.Response) -> bool:
        """Whether the response is a stream to read; raises HubRefused for a refusal that is permanent, and
        HubUnreachable for one that may pass."""
        if answer.status_code == 204:
            return False
        is_stream = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        if answer.status_code != 200 or not is_stream:
            refused = self._hub.refusal(answer)
            if not (refused.passes and self._was_open):
                raise refused
            raise HubUnreachable(f"The hub answers {refused.status}")
        self._report(f"{'back on' if self._was_open else 'following'} {self._target} at {self._hub.url}")
        self._was_open, self._last_report = True, ""
        return True

    def _read(self, answer: requests.Response, decoder: Decoder) -> Iterator[StreamEvent]:
        why = "the connection was lost"
        for chunk in read(answer):
            for event in decoder.feed(chunk):
                self._last_id = decoder.last_id
                if self._is_new(event):
                    yield event
                if event.name == CLOSED:
                    why = self._why(event)
            self._last_id = decoder.last_id
        self._report(f"{why}; coming back")

    def _is_new(self, event: StreamEvent) -> bool:
        """The stream of an inbox repeats its waiting messages at each connection, and sends `ping` without
        any."""
        if self._target.kind != RECIPIENT or event.name != "message":
            return True
        if not event.id or event.id in self._seen:
            return False
        self._seen[event.id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _why(self, event: StreamEvent) -> str:
        """The reason in words; raises ClickException where a reconnection is pointless."""
        reason = plain(object_in(event.data).get("reason"))
        if reason in ENDS:
            raise click.ClickException(f"The stream ended: {ENDS[reason]}.")
        if reason == "token_expired" and not self._target.token():
            raise click.ClickException("The stream ended: the token that was given has expired.")
        return f"the hub closed the stream ({reason})"

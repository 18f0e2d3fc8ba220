"""`flask --app wsgi publish TOPIC`: publishes one event, or one for each line of stdin."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import click
from flask.cli import with_appcontext

from app.auth import clients
from app.cli import credentials, terminal, topics
from app.cli.credentials import RenewedToken
from app.cli.groups import HubCommand
from app.cli.interrupts import until_interrupted
from app.cli.lookups import lookup_for
from app.cli.remote import HubClient, hub_options
from app.cli.terminal import say_json
from app.cli.topics import CONSTELLATION, GROUP, TopicTarget


@click.command(
    "publish",
    cls=HubCommand,
    help=f"""Publish DATA, or what comes on stdin, on TOPIC.

On a constellation it becomes an event for everybody who follows it; for a recipient or a group it is a
message that waits until it was acknowledged. One line end at the end of stdin is left out.

{topics.help_on(topics.WRITABLE)}

\b
Examples:
  flask --app wsgi publish Demo 'Lunch is ready'
  flask --app wsgi publish --new recipient:dora 'Your parcel has arrived'
  git log --oneline | flask --app wsgi publish Demo --lines
""",
)
@click.argument("topic")
@click.argument("data", required=False)
@click.option("--user", help="As this account; default: whoever may.")
@click.option("--lines", is_flag=True, help="Each line of stdin is an event of its own, sent as it comes.")
@click.option("--new", "is_new", is_flag=True, help="recipient:NAME may be one that the hub never heard of.")
@click.option("--json", "as_json", is_flag=True, help="Print what the hub answers, an object per event.")
@with_appcontext
@hub_options
@until_interrupted
def publish(
    hub: HubClient, *, topic: str, data: str | None, lines: bool, as_json: bool, **whose: Any
) -> None:
    if lines and data not in (None, "-"):
        raise click.UsageError("--lines reads stdin: leave DATA out.")
    target = _target(hub, topic, **whose)
    send = _sender(hub, target)
    if not lines:
        _tell(send(_whole(data)), target, as_json)
        return
    count = 0
    for line in _lines(sys.stdin.buffer):
        try:
            answer = send(line)
        except click.ClickException as error:
            raise click.ClickException(
                f"Line {count + 1}, after {count} were published: {error.message}"
            ) from error
        count += 1
        if as_json:
            say_json(answer)
    if not as_json:
        click.echo(f"{count} events published to {target}.")


def _target(hub: HubClient, topic: str, user: str | None, is_new: bool) -> TopicTarget:
    kind, _, name = topic.partition(":")
    if not is_new:
        return lookup_for(hub, user).find(topic, topics.WRITABLE)
    if kind != topics.RECIPIENT or not name:
        raise click.UsageError("--new is for recipient:NAME.")
    return topics.recipient(name, str)


def _whole(data: str | None) -> bytes:
    if data is not None and data != "-":
        return os.fsencode(data)
    stdin = sys.stdin.buffer
    if data is None and stdin.isatty():
        raise click.UsageError("Give DATA, or pipe it in.")
    return stdin.read().removesuffix(b"\n").removesuffix(b"\r")


def _lines(stdin: BinaryIO) -> Iterator[bytes]:
    """Each line as soon as it is read; for a file, whose length is known, with progress."""
    if not _is_file(stdin):
        yield from (line.rstrip(b"\r\n") for line in stdin)
        return
    begin = stdin.tell()
    length = sum(1 for _ in stdin)
    stdin.seek(begin)
    with terminal.progress(stdin, "Publishing", length=length) as bar:
        yield from (line.rstrip(b"\r\n") for line in bar)


def _is_file(stdin: BinaryIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stdin.fileno()).st_mode)
    except OSError:  # stdin has no file descriptor
        return False


def _sender(hub: HubClient, target: TopicTarget) -> Callable[[bytes], Any]:
    """The function that publishes one text and returns the hub's response."""
    if target.kind == CONSTELLATION:
        writer = RenewedToken(target.token, hub.token)
        return lambda text: hub.call("POST", f"/sse/notify/{target.id}", writer.get(), data=text)
    back_end = RenewedToken(credentials.service, hub.token, clients.TOKEN_SECONDS / 2)
    name = "groups" if target.kind == GROUP else "users"

    def send(text: bytes) -> Any:
        try:
            payload = text.decode()
        except UnicodeDecodeError as error:
            raise click.ClickException("A message must be UTF-8.") from error
        body = {name: [target.id], "payload": payload}
        return hub.call("POST", "/api/message/notify", back_end.get(), json=body)

    return send


def _tell(answer: dict[str, Any], target: TopicTarget, as_json: bool) -> None:
    if as_json:
        say_json(answer)
    elif target.kind == CONSTELLATION:
        click.echo(f"published to {target}")
    else:
        click.echo(f"message {answer['id']} to {answer['recipients']} recipients")

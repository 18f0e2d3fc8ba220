"""`flask --app wsgi watch TOPIC`: follows a stream in a terminal."""

from datetime import datetime
from typing import Any

import click
import gevent
import orjson
from flask.cli import with_appcontext

from app.cli import terminal, topics
from app.cli.eventstream import StreamEvent
from app.cli.follower import CLOSED, Follower
from app.cli.groups import HubCommand
from app.cli.interrupts import until_interrupted
from app.cli.lookups import lookup_for
from app.cli.remote import HubClient, hub_options, object_in
from app.cli.terminal import plain

RESUMED, RESET = "stream.resumed", "stream.reset"
COLORS = {"created": "green", "connected": "green", "deleted": "red", "disconnected": "red"}


@click.command(
    "watch",
    cls=HubCommand,
    help=f"""Follow TOPIC as its events come, from now on, until Ctrl-C.

Who loses the connection comes back by itself, and gets what was missed.

{topics.help_on(topics.READABLE)}

\b
Examples:
  flask --app wsgi watch Demo
  flask --app wsgi watch recipient:dora --json --limit 1
  flask --app wsgi watch concept:spring-sale --user alice
""",
)
@click.argument("topic")
@click.option("--user", help="As this account; default: whoever may.")
@click.option("--json", "as_json", is_flag=True, help="An object per line: time, event, id, data (a text).")
@click.option("--limit", type=click.IntRange(1), help="End after so many events.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="End after so long.")
@with_appcontext
@hub_options
@until_interrupted
def watch(
    hub: HubClient, *, topic: str, user: str | None, as_json: bool, limit: int | None, seconds: float | None
) -> None:
    target = lookup_for(hub, user).find(topic, topics.READABLE)
    with gevent.Timeout(seconds, False):  # type: ignore[arg-type]
        count = 0
        for event in Follower(hub, target, terminal.note).events():
            _show(event, as_json)
            count += not event.name.startswith("stream.")
            if count == limit:
                return


def _show(event: StreamEvent, as_json: bool) -> None:
    now = datetime.now().astimezone()
    if as_json:
        time = now.isoformat(timespec="milliseconds")
        terminal.say_json({"time": time, "event": event.name, "id": event.id, "data": event.data})
    else:
        terminal.say(f"{click.style(f'{now:%H:%M:%S}', dim=True)}  {line(event)}")


def line(event: StreamEvent) -> str:
    """An event for people, on one line; further lines of its text stand below, indented."""
    data = object_in(event.data)
    if event.name.startswith("stream."):
        return _verdict(event.name, data)
    label, text = event.name, event.data
    if label == "message" and isinstance(data.get("type"), str):
        label, text = data["type"], orjson.dumps(data.get("data", data)).decode()
    elif label == "message" and isinstance(data.get("payload"), str):
        label, text = "", data["payload"]
    color = COLORS.get(label.rpartition(".")[2], "yellow")
    parts = [
        (plain(event.id), "cyan"),
        (plain(label) if label != "message" else "", color),
        ("\n    ".join(plain(part) for part in text.split("\n")), None),
    ]
    return "  ".join(click.style(part, fg=color) for part, color in parts if part)


def _verdict(name: str, data: dict[str, Any]) -> str:
    reason = plain(data.get("reason", ""))
    if name == RESUMED:
        return click.style(f"resumed: {plain(data.get('replayed'))} missed events follow", fg="green")
    if name == RESET:
        return click.style(f"reset ({reason}): events are missing, load the state anew", fg="red", bold=True)
    return click.style(f"closed ({reason})" if name == CLOSED else plain(name), fg="yellow", bold=True)

"""`flask --app wsgi ask BOT "…"`: sends a message to a bot and prints its answer as it arrives."""

import sys
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import click
import gevent
import orjson
from flask.cli import with_appcontext

from app.cli import credentials, terminal
from app.cli.eventstream import Decoder
from app.cli.groups import HubCommand
from app.cli.interrupts import until_interrupted
from app.cli.remote import HubClient, hub_options, object_in, read
from app.cli.terminal import plain
from app.gateway import bots
from app.gateway.mentions import find_mention, find_text

ABSENT = "User not connected"
ENVELOPE = ("correlation_id", "user_id", "is_final", "type")
SHOWN = 10


class EveryName:
    """Stands for the set of all names: every mention counts."""

    def __contains__(self, name: object) -> bool:
        return True


@click.command("ask", cls=HubCommand)
@click.argument("bot")
@click.argument("text", required=False)
@click.option("--timeout", type=click.FloatRange(0, min_open=True), help="Seconds for the whole answer.")
@click.option("--json", "as_json", is_flag=True, help="Each frame of the answer as it is, one per line.")
@with_appcontext
@hub_options
@until_interrupted
def ask(hub: HubClient, bot: str, text: str | None, timeout: float | None, as_json: bool) -> None:
    """Ask BOT, which is connected by WebSocket, and print its answer as it comes in.

    BOT is its name. TEXT may be - for stdin; a bot that TEXT mentions is asked in the place of BOT, and with
    TEXT alone the mention says who is meant. How long a bot may be silent is the hub's REPLY_TIMEOUT_SECONDS.

    \b
    Examples:
      flask --app wsgi ask echo_bot 'Hello, bot'
      flask --app wsgi ask '@echo_bot, are you there?'
      flask --app wsgi ask echo_bot - --json < question.txt
    """
    name, message = _question(bot, text)
    try:
        with gevent.Timeout(timeout):
            is_whole = False
            for data in _frames(hub, name, message):
                is_whole = _show(hub, name, data, as_json)
    except gevent.Timeout as late:
        raise click.ClickException(f"{plain(name)} did not finish within {timeout:g} s.") from late
    if not is_whole:
        raise click.ClickException("The connection was lost before the answer was whole.")


def _question(bot: str, text: str | None) -> tuple[str, str]:
    """The bot to ask, and the message."""
    if text == "-":
        text = sys.stdin.read().removesuffix("\n")
    if text is not None:
        return bot.removeprefix("@"), text
    mentioned = find_mention({"message": bot}, EveryName())
    if mentioned is None or bot == f"@{mentioned}":
        raise click.UsageError(f"What is {bot} to be asked? Give it a TEXT.")
    return mentioned, bot


def _frames(hub: HubClient, name: str, message: str) -> Iterator[str]:
    body = {"user_id": name, "data": {"message": message}}
    token = hub.token or credentials.service()
    with hub.stream("/sse/send", token, "POST", json=body) as answer:
        if answer.status_code != 200:
            raise hub.refusal(answer)
        decoder = Decoder()
        for chunk in read(answer):
            for event in decoder.feed(chunk):
                if event.name == "message":
                    yield event.data
                else:  # the hub ended the stream itself
                    reason = plain(object_in(event.data).get("reason", event.name))
                    raise click.ClickException(f"The hub ended the answer ({reason}): ask again.")


def _show(hub: HubClient, name: str, data: str, as_json: bool) -> bool:
    """Whether it was the last frame; raises ClickException for a frame in which the hub reports an error."""
    frame = object_in(data)
    is_failure = frame.keys() == {"error", "correlation_id"}
    if as_json:
        click.echo(terminal.harmless(data))
    elif not is_failure:
        click.echo("\n".join(plain(line) for line in _text(frame).split("\n")))
    if is_failure:
        failure = plain(frame["error"])
        raise click.ClickException(_absence(hub, name) if failure == ABSENT else f"{plain(name)}: {failure}.")
    return frame.get("is_final") is True


def _text(frame: dict[str, Any]) -> str:
    rest = {key: value for key, value in frame.items() if key not in ENVELOPE}
    return find_text(frame) or (orjson.dumps(rest).decode() if rest else "")


def _absence(hub: HubClient, name: str) -> str:
    """That the bot is not connected, with the bots that are, as far as the caller may see them."""
    try:
        path = "/api/ops/connections"
        found = hub.call("GET", path, hub.token or credentials.operator(), params={"per_page": 100})
        names = [str(one["name"]) for one in found["connections"]]
    except click.ClickException:
        return f"{plain(name)} is not connected."
    if not names:
        known = not hub.token and any(it.name == "echo_bot" for it in bots.list_all())
        return f"{plain(name)} is not connected, and nobody is" + (": `make bot` does it." if known else ".")
    near = get_close_matches(name, names, 1, 0.5)
    hint = f"is it {near[0]}?" if near else f"connected are {', '.join(names[:SHOWN])}."
    return f"{plain(name)} is not connected: {plain(hint)}"

"""`flask --app wsgi stats`: the statistics of all workers of the cluster."""

import sys
from itertools import count
from time import monotonic, sleep

import click
from flask.cli import with_appcontext

from app.cli import credentials
from app.cli.credentials import RenewedToken
from app.cli.figures import History, lines
from app.cli.groups import HubCommand
from app.cli.interrupts import until_interrupted
from app.cli.remote import HubClient, HubRefused, HubUnreachable, hub_options
from app.cli.terminal import note, say, say_json


@click.command("stats", cls=HubCommand)
@click.option("--watch", is_flag=True, help="Again and again, with how it went, until Ctrl-C.")
@click.option("--interval", type=click.FloatRange(0.1), default=2.0, help="Seconds between two looks; 2.")
@click.option("--count", "most", type=click.IntRange(1), help="With --watch: end after so many looks.")
@click.option("--json", "as_json", is_flag=True, help="What GET /api/ops/stats says, an object per line.")
@with_appcontext
@hub_options
@until_interrupted
def stats(hub: HubClient, watch: bool, interval: float, most: int | None, as_json: bool) -> None:
    """Show workers, streams, sockets, what was delivered, and how far behind the broker everybody is.

    It asks the hub that runs, as an operator.

    \b
    Examples:
      flask --app wsgi stats
      flask --app wsgi stats --watch
      flask --app wsgi stats --json | jq .totals.streams
    """
    history, screen = History(), Screen()
    operator = RenewedToken(credentials.operator, hub.token, credentials.CALL_SECONDS / 2)
    for number in count(1):
        try:
            found = hub.call("GET", "/api/ops/stats", operator.get())
        except (HubUnreachable, HubRefused) as error:
            if number == 1 or (isinstance(error, HubRefused) and not error.passes):
                raise
            note(error.message)  # it may pass
            screen.leave()
        else:
            history.add(found["totals"], monotonic())
            if as_json:
                say_json(found)
            else:
                screen.draw([*lines(found), *(history.lines() if watch else [])])
        if not watch or number == most:
            return
        sleep(interval)


class Screen:
    """Draws each picture over the last one in a terminal; elsewhere one below the other."""

    def __init__(self) -> None:
        self._height = 0

    def draw(self, picture: list[str]) -> None:
        is_terminal = sys.stdout.isatty()
        if self._height:
            click.echo(f"\x1b[{self._height}A\x1b[J" if is_terminal else "\n", nl=False)
        for line in picture:
            say(line)
        self._height = len(picture)

    def leave(self) -> None:
        """Text was written below the picture: the picture stays, and the next one begins below that text."""
        self._height = 0

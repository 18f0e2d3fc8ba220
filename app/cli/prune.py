"""`flask --app wsgi prune`: deletes now what the hub's workers delete every hour."""

from collections import Counter

import click
from flask.cli import with_appcontext

from app.cli import terminal
from app.cli.groups import HubCommand
from app.cli.interrupts import until_interrupted
from app.notifications import retention


@click.command("prune", cls=HubCommand)
@click.option("--json", "as_json", is_flag=True, help="How many of each, as an object.")
@with_appcontext
@until_interrupted
def prune(as_json: bool) -> None:
    """Delete acknowledged messages older than MESSAGE_RETENTION_DAYS, and what else ran out.

    It may be interrupted: what is deleted is deleted.
    """
    pruned: Counter[str] = Counter()
    with terminal.progress(retention.rounds(), "Pruning", _shown) as rounds:
        for what, count in rounds:
            pruned[what] += count
    if as_json:
        terminal.say_json(pruned)
    else:
        click.echo(", ".join(f"{count} {what}" for what, count in pruned.items()) + " deleted.")


def _shown(round: tuple[str, int] | None) -> str:
    return round[0] if round else ""

"""`flask --app wsgi prune`: what the hub's workers do every hour, done now."""

import click
from flask.cli import with_appcontext

from app.cli.groups import Command
from app.notifications import retention


@click.command("prune", cls=Command)
@with_appcontext
def prune() -> None:
    """Delete acknowledged messages older than MESSAGE_RETENTION_DAYS, and what else ran out."""
    pruned = retention.prune()
    click.echo(", ".join(f"{count} {what}" for what, count in pruned.items()) + " deleted.")

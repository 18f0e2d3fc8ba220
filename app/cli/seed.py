"""`flask --app wsgi seed`: makes the users, constellations and bots of a file."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli import terminal
from app.cli.groups import HubCommand
from app.seeding.demo import DEMO
from app.seeding.seed import Seed


@click.command("seed", cls=HubCommand)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--demo", is_flag=True, help="The users and the constellation that the guides speak of.")
@with_appcontext
def seed(file: Path | None, demo: bool) -> None:
    """Create the users and constellations of FILE (YAML or CSV). What exists already is left as it is."""
    if file is None and not demo:
        raise click.UsageError("Give a FILE, or --demo.")
    if demo and current_app.config["IS_PRODUCTION"]:
        raise click.UsageError("The demo's passwords are public: not in production.")
    wanted = Seed(DEMO if demo or file is None else file)
    made = 0
    with terminal.progress(wanted.apply(), "Seeding", _shown, len(wanted)) as seeded:
        for _, is_new in seeded:
            made += is_new
    click.echo(f"{made} made, {len(wanted) - made} were there already.")


def _shown(made: tuple[str, bool] | None) -> str:
    return made[0] if made else ""

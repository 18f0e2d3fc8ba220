"""`flask --app wsgi bot …`: accounts of bots, which connect by WebSocket and can be mentioned."""

import click

from app.cli.groups import HubGroup
from app.cli.terminal import say_json
from app.gateway import bots

bot = HubGroup("bot", help="Bots: create, list, token, disable, enable.")


@bot.command("create")
@click.argument("name")
def create(name: str) -> None:
    """Create a bot that is mentioned as @NAME. Its credential is printed now and never again."""
    click.echo(bots.create(name))


@bot.command("list")
@click.option("--json", "as_json", is_flag=True, help="An object per line.")
def list_bots(as_json: bool) -> None:
    """One line per bot: name, disabled."""
    for found in bots.list_all():
        if as_json:
            say_json({"name": found.name, "disabled": found.is_disabled})
            continue
        click.echo(f"{found.name}{'  disabled' if found.is_disabled else ''}")


@bot.command("token")
@click.argument("name")
def token(name: str) -> None:
    """Print a new credential for a bot. The old one is refused from now on, and its socket is closed."""
    click.echo(bots.renew_credential(name))


@bot.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Refuse a bot and close its socket; its name stays its own."""
    bots.set_disabled(name, True)
    click.echo(f"{name} is disabled.")


@bot.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled bot connect again, with the credential it has."""
    bots.set_disabled(name, False)
    click.echo(f"{name} is enabled.")

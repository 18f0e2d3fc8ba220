"""`flask --app wsgi client …`: service clients, the credentials of back ends."""

import click

from app.auth import clients
from app.cli.groups import HubGroup
from app.cli.terminal import say_json

client = HubGroup("client", help="Service clients: create, list, rotate, disable, enable.")


@client.command("create")
@click.argument("name")
def create(name: str) -> None:
    """Create a client for the back end NAME. Its secret is printed now and never again."""
    _print(*clients.create(name))


@client.command("list")
@click.option("--json", "as_json", is_flag=True, help="An object per line.")
def list_clients(as_json: bool) -> None:
    """One line per client: id, name, disabled."""
    for found in clients.list_all():
        if as_json:
            shown = {"client_id": found.client_id, "name": found.name, "disabled": found.is_disabled}
            say_json(shown)
            continue
        click.echo(f"{found.client_id}  {found.name}{'  disabled' if found.is_disabled else ''}")


@client.command("rotate")
@click.argument("client_id")
def rotate(client_id: str) -> None:
    """Give a client a new secret. The old one and every token got with it are refused from now on."""
    _print(client_id, clients.rotate(client_id))


@client.command("disable")
@click.argument("client_id")
def disable(client_id: str) -> None:
    """Refuse a client: its secret, and every token it has."""
    clients.set_disabled(client_id, True)
    click.echo(f"{client_id} is disabled.")


@client.command("enable")
@click.argument("client_id")
def enable(client_id: str) -> None:
    """Let a disabled client get tokens again, with the secret it has."""
    clients.set_disabled(client_id, False)
    click.echo(f"{client_id} is enabled.")


def _print(client_id: str, secret: str) -> None:
    click.echo(f"CLIENT_ID={client_id}")
    click.echo(f"CLIENT_SECRET={secret}")

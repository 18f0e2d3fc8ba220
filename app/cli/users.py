"""`flask --app wsgi user …` and `token`: accounts and their tokens."""

from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from marshmallow import ValidationError, fields
from sqlalchemy import select

from app.accounts import service as accounts
from app.auth.models import User
from app.cli import credentials
from app.cli.groups import HubCommand, HubGroup
from app.cli.terminal import say_json
from app.extensions import db
from app.web import fields as texts

user = HubGroup("user", help="Accounts: create, list, admin, password, delete.")


@click.command("token", cls=HubCommand)
@click.argument("name")
@click.option("--seconds", type=click.IntRange(1), help="Lifetime; default ACCESS_TOKEN_SECONDS.")
@with_appcontext
def token(name: str, seconds: int | None) -> None:
    """Print an access token of the account NAME (a name or an e-mail address)."""
    found = credentials.find(name)
    seconds = seconds or current_app.config["ACCESS_TOKEN_SECONDS"]
    click.echo(credentials.account(found, seconds))


@user.command("create")
@click.argument("name")
@click.argument("email")
@click.password_option(envvar="HUB_PASSWORD", help="Asked for when not given; or HUB_PASSWORD.")
@click.option("--operator", is_flag=True, help="May also manage the hub.")
def create(name: str, email: str, password: str, operator: bool) -> None:
    """Create an account, also where registration is closed."""
    _check(name=(texts.name(), name), email=(texts.email(), email), password=(texts.password(), password))
    click.echo(accounts.create_user(name, email, password, operator).uuid)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="An object per line.")
def list_users(as_json: bool) -> None:
    """One line per account: uuid, name, e-mail, operator."""
    for found in db.session.scalars(select(User).order_by(User.name)):
        if as_json:
            shown = {"uuid": found.uuid, "name": found.name, "email": found.email}
            say_json({**shown, "operator": found.is_operator})
            continue
        click.echo(f"{found.uuid}  {found.name}  {found.email}{'  operator' if found.is_operator else ''}")


@user.command("admin")
@click.argument("name")
@click.option("--revoke", is_flag=True, help="Take it back.")
def admin(name: str, revoke: bool) -> None:
    """Make the account NAME an operator of the hub."""
    accounts.set_operator(credentials.find(name).uuid, not revoke)
    click.echo(f"{name} is {'no longer ' if revoke else ''}an operator.")


@user.command("password")
@click.argument("name")
@click.password_option(envvar="HUB_PASSWORD", help="Asked for when not given; or HUB_PASSWORD.")
def password(name: str, password: str) -> None:
    """Set a new password; every token of the account is revoked."""
    _check(password=(texts.password(), password))
    accounts.change(credentials.find(name).uuid, {"password": password})
    click.echo(f"The password of {name} was changed.")


@user.command("delete")
@click.argument("name")
@click.confirmation_option(prompt="Delete the account and what only it owns?")
def delete(name: str) -> None:
    """Delete an account."""
    accounts.delete(credentials.find(name).uuid)
    click.echo(f"{name} was deleted.")


def _check(**given: tuple[fields.Field[Any], str]) -> None:
    """Checks the values by the rules of the API; messages do not show the password."""
    for name, (field, value) in given.items():
        try:
            field.deserialize(value)
        except ValidationError as error:
            raise click.ClickException(f"{name}: {error.messages[0]}") from error

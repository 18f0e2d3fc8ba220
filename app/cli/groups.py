"""The base of every command: domain errors and database errors become one line on stderr."""

from functools import wraps
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.errors import DomainError


class HubGroup(AppGroup):
    """A domain error is a line on stderr and exit code 1, not a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        return _with_readable_errors(super().invoke)(ctx)


class HubCommand(click.Command):
    def invoke(self, ctx: click.Context) -> Any:
        return _with_readable_errors(super().invoke)(ctx)


def _with_readable_errors(function: Any) -> Any:
    @wraps(function)
    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except DomainError as error:
            raise click.ClickException(error.message) from error
        except (OperationalError, ProgrammingError) as error:
            raise click.ClickException(
                f"The database can't be used ({type(error).__name__}): check that DATABASE_URL names it"
                " and that it runs, and bring it up to date with `flask --app wsgi db upgrade`."
            ) from error

    return call

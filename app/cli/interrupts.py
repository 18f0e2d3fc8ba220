"""Ctrl-C as an ordinary end."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def until_interrupted(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command ends without a word when it is interrupted, with exit code 130."""

    @wraps(command)
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:
            click.echo(err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None

    return call

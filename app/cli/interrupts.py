"""Ctrl-C as an ordinary end."""

import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
import gevent

INTERRUPTED = 128 + signal.SIGINT  # as shells have it


def until_interrupted(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command ends without a word when it is interrupted, with exit code 130."""

    @wraps(command)
    def call(*arguments: Any, **options: Any) -> Any:
        here = gevent.getcurrent()

        def interrupt(*_: object) -> None:
            # Raised where the loop happens to be, gevent would print it.
            gevent.get_hub().loop.run_callback(here.throw, KeyboardInterrupt)

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:
            click.echo(err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None
        finally:
            signal.signal(signal.SIGINT, before)

    return call

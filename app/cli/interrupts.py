"""Ctrl-C, SIGTERM and SIGHUP end a command in order: its cleanup runs."""

import signal
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
import gevent

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def until_interrupted(command: Callable[..., Any]) -> Callable[..., Any]:
    """An interrupted command ends silently, with the exit code that shells use: 130 after Ctrl-C."""

    @wraps(command)
    def call(*arguments: Any, **options: Any) -> Any:
        before = {number: signal.getsignal(number) for number in ENDINGS}
        interrupt = _interrupter()
        for number, handler in before.items():
            if number == signal.SIGINT or handler != signal.SIG_IGN:  # nohup ignores SIGHUP
                signal.signal(number, interrupt)
        try:
            return command(*arguments, **options)
        except Interrupted as interrupted:
            if interrupted.number == signal.SIGINT:
                click.echo(err=True)
            raise click.exceptions.Exit(128 + interrupted.number) from None
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    return call


def _interrupter() -> Callable[..., None]:
    """A signal handler for the calling greenlet. During the cleanup only Ctrl-C interrupts again: a closed
    terminal or a machine that shuts down may send its signal twice."""
    here = gevent.getcurrent()
    was_asked = False

    def interrupt(number: int, _: object) -> None:
        nonlocal was_asked
        if was_asked and number != signal.SIGINT:
            return
        was_asked = True
        if gevent.getcurrent() is here:  # it may wait for something outside gevent, such as stdin
            raise Interrupted(number)
        # Raised in the greenlet of the loop, gevent would only print it.
        gevent.get_hub().loop.run_callback(here.throw, Interrupted(number))

    return interrupt

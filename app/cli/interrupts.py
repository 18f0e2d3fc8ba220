"""Ctrl-C, or whatever else asks a command to end, as an ordinary end: what it has begun is tidied up."""

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
    """The command ends without a word when it is interrupted, with the exit code that shells give it: 130
    after Ctrl-C."""

    @wraps(command)
    def call(*arguments: Any, **options: Any) -> Any:
        before = {number: signal.getsignal(number) for number in ENDINGS}
        interrupt = _interrupter()
        for number, handler in before.items():
            if number == signal.SIGINT or handler != signal.SIG_IGN:  # as nohup has it
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
    """For the present greenlet. Only Ctrl-C interrupts again what is tidied up: a terminal that is closed, or
    a machine that is, may say so twice."""
    here = gevent.getcurrent()
    was_asked = False

    def interrupt(number: int, _: object) -> None:
        nonlocal was_asked
        if was_asked and number != signal.SIGINT:
            return
        was_asked = True
        if gevent.getcurrent() is here:  # which may be waiting for something that is not gevent's, as stdin
            raise Interrupted(number)
        # Raised where the loop happens to be, gevent would print it.
        gevent.get_hub().loop.run_callback(here.throw, Interrupted(number))

    return interrupt

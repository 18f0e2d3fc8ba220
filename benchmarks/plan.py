"""The order of a run, and what happens when a step can't be done.

The short runs come first, all servers in turn and then again, so that a noisy minute hits none alone; then
what takes many streams. A step that fails costs its own figures only.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks.bench import Bench, say
from benchmarks.harness.install import Missing
from benchmarks.harness.noise import Noise
from benchmarks.measures import fairness, fanout, gateway, messages, publishing, streams, topics
from benchmarks.rivals import SERVERS
from benchmarks.rivals.base import Server
from benchmarks.rivals.hub import HubOverRedis, MeasuredHub

GROWING = ("floor", "hub", "nchan")  # measured at every size; the others at one


@dataclass(frozen=True)
class Step:
    """Something to measure: of which server, in words, and how."""

    server: str
    words: str
    run: Callable[[], None]


def plan(bench: Bench, chosen: Collection[str]) -> Iterator[Step]:
    """Every step of a run, for these servers."""
    keys = [key for key in SERVERS if key in chosen]
    for repetition in range(1, bench.sizes.repetitions + 1):
        for key in keys:
            yield Step(key, f"fan-out, {repetition}", partial(_fan_out, bench, key))
    for key in keys:
        if key in GROWING:
            yield Step(key, "growth", partial(_streams, streams.growth, bench, key))
    for key in keys:
        if key != HubOverRedis.key:
            yield Step(key, "idle streams", partial(_streams, streams.idle, bench, key))
    if MeasuredHub.key in keys:
        yield Step(MeasuredHub.key, "publishes per second", partial(publishing.measure, bench))
        yield Step(MeasuredHub.key, "many topics", partial(topics.measure, bench))
        yield Step(MeasuredHub.key, "fairness", partial(fairness.measure, bench))
        yield Step(MeasuredHub.key, "messages", partial(messages.measure, bench))
        yield Step(MeasuredHub.key, "pushing", partial(gateway.push, bench))
        yield Step(MeasuredHub.key, "asking", partial(gateway.ask, bench))
        yield Step(MeasuredHub.key, "relaying", partial(gateway.relay, bench))
        yield Step(MeasuredHub.key, "idle sockets", partial(gateway.idle, bench))


def _fan_out(bench: Bench, key: str) -> None:
    fanout.measure(bench, SERVERS[key](), low_load=key in (MeasuredHub.key, HubOverRedis.key))


def _streams(measure: Callable[[Bench, Server], None], bench: Bench, key: str) -> None:
    measure(bench, SERVERS[key]())


def prepare(bench: Bench, chosen: Collection[str]) -> None:
    """Install and build for all of them; what can't be had is absent from here on."""
    for key in chosen:
        try:
            SERVERS[key]().prepare()
        except Missing as missing:
            bench.book.absent[key] = str(missing)
            say(f"{key}: absent: {missing}")


def carry_out(bench: Bench, steps: Iterator[Step]) -> None:
    """Do the steps one after the other until the time is over."""
    for step in steps:
        if step.server in bench.book.absent:
            continue
        if bench.seconds_left < 0:
            bench.book.note(f"{step.server}, {step.words}: left out, the time was over")
            continue
        began, noise = time.monotonic(), Noise()
        try:
            step.run()
        except Missing as missing:
            bench.book.absent[step.server] = str(missing)
        except Exception as error:  # whatever it is, the other steps go on, and the report says it
            bench.book.note(f"{step.server}, {step.words}: failed: {error or type(error).__name__}")
        name, others = f"{step.server}, {step.words}", noise.share()
        bench.book.others[name] = others
        say(f"{name}: {time.monotonic() - began:.0f} s, other processes {others:.0%} of the machine")

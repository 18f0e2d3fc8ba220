"""What the soak calls flat: churn and single peaks are, a leak is not, however slow."""

import random
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from benchmarks.report.svg import ticks
from benchmarks.soak.cast import Account, Room, Scene
from benchmarks.soak.client import Client
from benchmarks.soak.judgement import RULES, judge, left_behind, types_that_grew
from benchmarks.soak.plan import Plan
from benchmarks.soak.plot import STEPS, svg
from benchmarks.soak.readers import Reader
from benchmarks.soak.samples import EXTRA, GREENLETS, MEMORY, POSTGRES, REDIS, SOCKETS, STREAMS, Samples
from benchmarks.soak.tally import Tally

FULL = Plan()
FIGURES = {EXTRA: 30.0, GREENLETS: 60.0, REDIS: 6.0, POSTGRES: 20.0, MEMORY: 100.0}


def samples(grow: Callable[[str, float], float], noise: float = 0.0, seed: int = 1) -> Samples:
    """Ten minutes of every figure, a sample every five seconds."""
    chance, made = random.Random(seed), Samples()
    for figure, level in FIGURES.items():
        for number in range(121):
            at = 5.0 * number
            made.add(figure, "worker 1", at, level + grow(figure, at) + chance.gauss(0, noise))
    return made


def not_flat(made: Samples) -> Iterable[str]:
    return [verdict.figure for verdict in judge(made, FULL.judged_from, FULL.seconds) if not verdict.is_flat]


@pytest.mark.parametrize("seed", range(5))
def test_churn_is_flat(seed: int) -> None:
    assert not not_flat(samples(lambda figure, at: 0, noise=5 if seed else 0, seed=seed))


def test_what_grows_only_while_everybody_comes_is_flat() -> None:
    assert not not_flat(samples(lambda figure, at: min(at, 170.0)))


def test_peaks_are_flat() -> None:
    assert not not_flat(samples(lambda figure, at: 100.0 if at % 60 == 0 else 0.0))


def test_what_shrinks_is_flat() -> None:
    assert not not_flat(samples(lambda figure, at: -at / 100))


@pytest.mark.parametrize("leaking", FIGURES)
def test_a_slow_leak_is_found_and_named(leaking: str) -> None:
    """One every twenty seconds is 21 in seven minutes."""
    made = samples(lambda figure, at: at / 20 if figure == leaking else 0.0, noise=1)
    assert not_flat(made) == [leaking]


def test_a_jump_is_found() -> None:
    assert set(not_flat(samples(lambda figure, at: 20.0 if at > 400 else 0.0))) == set(FIGURES)


def test_every_worker_is_judged_by_itself() -> None:
    made = samples(lambda figure, at: 0)
    for number in range(121):
        made.add(MEMORY, "worker 2", 5.0 * number, 100 + number / 4)
    found = [verdict for verdict in judge(made, FULL.judged_from, FULL.seconds) if not verdict.is_flat]
    assert [(verdict.figure, verdict.line) for verdict in found] == [(MEMORY, "worker 2")]


def test_objects_of_the_hub_that_pile_up_are_found() -> None:
    stored, others = "app.gateway.pending_requests.Question", "app.auth.principal.Principal"
    grown = [Counter({stored: 200, others: 60, "builtins.dict": 9000}) for _ in range(2)]
    assert types_that_grew(grown, FULL.streams) == {stored: 400}


def test_what_is_left_behind_is_found() -> None:
    assert left_behind({STREAMS: 1, SOCKETS: 0, GREENLETS: 5, EXTRA: 30}) == {STREAMS: 1, EXTRA: 30}


def test_too_little_is_not_judged() -> None:
    with pytest.raises(ValueError, match="too few"):
        judge(samples(lambda figure, at: 0), since=570, until=600)


def test_every_judged_figure_is_in_the_plot() -> None:
    made = samples(lambda figure, at: at if figure == MEMORY else 0)
    drawn = svg(made, FULL, judge(made, FULL.judged_from, FULL.seconds))
    assert all(rule.figure in drawn for rule in RULES)
    assert drawn.count("<polyline") == len(FIGURES)
    assert "+285.0 of" in drawn


@pytest.mark.parametrize(("highest", "expected"), [(0, 1), (4, 4), (100, 100), (101, 150), (1999, 2000)])
def test_axes_reach_past_the_highest_value(highest: float, expected: float) -> None:
    assert ticks(highest, STEPS)[-1] == expected


# What was expected and what came


def reader(tally: Tally) -> Reader:
    room = Room("a", "file", "folder", Account("alice", "uuid", "token"), is_loud=False)
    return Reader(Scene(Plan(), 0, tally, Client(0, tally), ""), room, "token")


def read(tally: Tally, *numbers: int) -> None:
    alice = reader(tally)
    for number in numbers:
        alice.take("message", f'{{"n": {number}, "text": "x"}}')
    alice.take("message", '{"type":"file.updated"}')


def test_a_reader_notices_what_it_missed() -> None:
    tally = Tally()
    read(tally, 7, 8, 12)
    assert (tally.expected, tally.received) == (6, 3)
    assert tally.faults == {"events lost": 3}


def test_a_reader_notices_what_comes_again() -> None:
    tally = Tally()
    read(tally, 7, 8, 8)
    assert tally.faults == {"an event came twice": 1}


def test_what_does_not_come_is_lost() -> None:
    tally = Tally()
    for key in ("comes", "comes late", "was refused"):
        tally.expect(key)
    tally.got("comes")
    tally.forget("was refused")
    tally.write_off(older_than=0)
    tally.got("comes late")
    assert (tally.expected, tally.received, tally.outstanding) == (2, 1, 0)
    assert tally.faults == {"events lost": 1}


@pytest.mark.parametrize(("status", "is_fault"), [(200, False), (204, False), (404, True), (503, True)])
def test_bad_answers_are_faults(status: int, is_fault: bool) -> None:
    tally = Tally()
    tally.answered("GET /health", status)
    assert bool(tally.faults) is is_fault

"""The circuit breaker, by a clock of the test's own."""

import pytest

from app.concepts.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, first_seconds=1, most_seconds=4, clock=clock)


def fail(breaker: Breaker, times: int = 3) -> None:
    for _ in range(times):
        assert breaker.allows()
        breaker.failed()


def test_it_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert (breaker.state, breaker.allows()) == ("closed", True)
    breaker.failed()
    assert (breaker.state, breaker.allows()) == ("open", False)


def test_one_probe_at_a_time(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += 0.9
    assert not breaker.allows()
    clock.now += 0.1
    assert breaker.allows()
    assert (breaker.state, breaker.allows()) == ("half_open", False)
    breaker.succeeded()
    assert (breaker.state, breaker.allows()) == ("closed", True)


def test_each_failed_probe_doubles_the_wait(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    for seconds in (1, 2, 4, 4):
        assert breaker.wait() == seconds
        clock.now += seconds
        assert breaker.allows()
        breaker.failed()
    clock.now += 4
    assert breaker.allows()
    breaker.succeeded()
    fail(breaker)
    assert breaker.wait() == 1


def test_calls_that_began_before_it_opened_change_nothing(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    breaker.failed()
    assert breaker.wait() == 1
    breaker.given_up()
    assert breaker.state == "open"


def test_a_probe_that_was_given_up_lets_the_next_one_through(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += 1
    assert breaker.allows()
    breaker.given_up()
    assert breaker.allows() and not breaker.allows()
    assert breaker.wait() > 0

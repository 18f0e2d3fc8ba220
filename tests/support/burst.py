"""Publishing on all workers while something happens, and the proof that no stream missed any of it."""

from __future__ import annotations

from collections.abc import Callable

import gevent

from tests.support.eventsource import EventSource
from tests.support.publisher import Publisher, assert_complete
from tests.support.stage import Stage
from tests.support.wait import wait_until


def run_burst(stage: Stage, publishers: list[Publisher], each: int, disturb: Callable[[], None]) -> None:
    """All publish `each` notifications at once; `disturb` runs once a quarter of them is through."""
    greenlets = [gevent.spawn(publisher.publish, each) for publisher in publishers]

    def is_under_way() -> bool:
        return all(len(publisher.acknowledged) >= each / 4 for publisher in publishers)

    wait_until(
        lambda: is_under_way() or any(greenlet.dead for greenlet in greenlets), 60, "a burst under way"
    )
    disturb()
    gevent.joinall(greenlets, timeout=120, raise_error=True)
    assert all(len(publisher.acknowledged) == each for publisher in publishers)
    stage.notify("the end")


def assert_same_for_all(sources: list[EventSource], publishers: list[Publisher]) -> None:
    for source in sources:
        source.wait_for(lambda it: it.data and it.data[-1] == "the end", timeout=20)
        assert_complete(source, publishers)
    orders = {tuple((event.last_event_id, event.data) for event in source.messages) for source in sources}
    assert len(orders) == 1, "streams saw different orders"

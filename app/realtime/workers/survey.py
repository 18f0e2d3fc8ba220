"""Asking all workers of the cluster the same question, and not waiting long for those that say nothing."""

import logging
from collections.abc import Callable, Sequence
from itertools import count
from typing import NamedTuple

import gevent
from gevent.event import Event

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Engine
from app.realtime.presence import make_presence
from app.realtime.workers.membership import LEASE_SECONDS, ClusterMembership

log = logging.getLogger(__name__)

ASK, ANSWER = "survey.ask", "survey.answer"


class Answers(NamedTuple):
    """`given` by worker. `silent` are those that listen and did not answer in time. `is_whole`: these are
    all; not so while the broker is away, when nobody knows who else there is."""

    given: dict[str, bytes]
    silent: list[str]
    is_whole: bool


class _Poll:
    """One question under way; `open` are the workers that have not answered."""

    def __init__(self) -> None:
        self.given: dict[str, bytes] = {}
        self.open: set[str] = set()
        self.is_asked = False
        self.done = Event()

    def note(self, worker: str, answer: bytes) -> None:
        self.given[worker] = answer
        self.open.discard(worker)
        self.close_if_done()

    def close_if_done(self) -> None:
        if self.is_asked and not self.open:
            self.done.set()


class Survey:
    """A companion of the engine. `questions` by kind are called in greenlets of their own; what they answer
    has to be bounded, since it travels as mail."""

    def __init__(self, engine: Engine) -> None:
        self.questions: dict[str, Callable[[bytes], bytes]] = {}
        self._engine = engine
        self._membership = ClusterMembership(make_presence(engine.broker, LEASE_SECONDS, "workers"))
        self._numbers = count(1)
        self._polls: dict[int, _Poll] = {}
        engine.mailbox.handlers[ASK], engine.mailbox.handlers[ANSWER] = self._hear_question, self._hear_answer

    def start(self) -> None:
        self._membership.start(self._engine.worker_id)

    def stop(self) -> None:
        self._membership.stop()

    def drain(self) -> None:
        """It stays listed until it has ended: operators want to see that it drains."""

    def ask(
        self, kind: str, question: bytes, seconds: float, workers: Sequence[str] | None = None
    ) -> Answers:
        """What these workers (None: all of them) say to it within so many seconds. Never fails."""
        self._engine.start()
        here, number, poll = self._engine.worker_id, next(self._numbers), _Poll()
        self._polls[number] = poll
        try:
            with gevent.Timeout(seconds, False):  # type: ignore[arg-type]
                if workers is None or here in workers:
                    poll.note(here, self.questions[kind](question))
                self._send(poll, b"%b %d %b\n%b" % (here.encode(), number, kind.encode(), question), workers)
                poll.done.wait()
        except BrokerUnavailable as error:
            log.warning("the other workers can't be asked: %s", error)
        finally:
            del self._polls[number]
        return Answers(poll.given, sorted(poll.open), poll.is_asked and not poll.open)

    def _send(self, poll: _Poll, message: bytes, workers: Sequence[str] | None) -> None:
        """Who does not listen has ended. Answers may come before it is known who will answer."""
        listed = self._membership.workers() if workers is None else workers
        others = [worker for worker in listed if worker != self._engine.worker_id]
        heard = self._engine.mailbox.send_all([(worker, ASK, message) for worker in others])
        poll.open = {worker for worker, is_there in zip(others, heard, strict=True) if is_there} - set(
            poll.given
        )
        poll.is_asked = True
        poll.close_if_done()

    # What comes by mail

    def _hear_question(self, message: bytes) -> None:
        head, _, question = message.partition(b"\n")
        origin, number, kind = head.decode().split()
        gevent.spawn(self._answer, origin, number, kind, question)

    def _answer(self, origin: str, number: str, kind: str, question: bytes) -> None:
        answer = self.questions[kind](question)
        head = f"{number} {self._engine.worker_id}\n".encode()
        self._engine.mailbox.post(origin, ANSWER, head + answer)

    def _hear_answer(self, message: bytes) -> None:
        head, _, answer = message.partition(b"\n")
        number, worker = head.decode().split()
        poll = self._polls.get(int(number))
        if poll is not None:  # else it comes too late
            poll.note(worker, answer)

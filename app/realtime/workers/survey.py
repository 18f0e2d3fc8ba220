"""Asks all workers of the cluster the same question, and does not wait long for those that stay silent."""

import logging
from collections.abc import Callable, Sequence
from itertools import count
from typing import NamedTuple

import gevent
from gevent.event import Event

from app.realtime.broker.base import Broker, BrokerUnavailable
from app.realtime.workers.mailbox import Mailbox
from app.realtime.workers.membership import ClusterMembership

log = logging.getLogger(__name__)

ASK, ANSWER = "survey.ask", "survey.answer"


class Answers(NamedTuple):
    """`given` by worker. `silent` are workers that listen and did not answer in time. `is_whole`: no worker
    is missing; False while the broker is away, since other workers can't be known then."""

    given: dict[str, bytes]
    silent: list[str]
    is_whole: bool


class _Poll:
    """One question on its way; `open` are the workers that have not answered."""

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
    """A companion of the engine, over the mailbox that it is handed.

    `questions` by kind are called in greenlets of their own; their answers must be bounded, since they travel
    through mailboxes.
    """

    def __init__(self, mailbox: Mailbox, broker: Broker) -> None:
        self.questions: dict[str, Callable[[bytes], bytes]] = {}
        self._mailbox = mailbox
        self._membership = ClusterMembership(broker)
        self._numbers = count(1)
        self._polls: dict[int, _Poll] = {}
        mailbox.handlers[ASK], mailbox.handlers[ANSWER] = self._hear_question, self._hear_answer

    def start(self) -> None:
        self._membership.start(self._mailbox.worker)

    def stop(self) -> None:
        self._membership.stop()

    def drain(self) -> None:
        """The worker stays listed until it has ended: operators want to see that it drains."""

    def ask(
        self, kind: str, question: bytes, seconds: float, workers: Sequence[str] | None = None
    ) -> Answers:
        """The answers of these workers (None: of all) within so many seconds. The engine must have been
        started. Never fails."""
        here, number, poll = self._mailbox.worker, next(self._numbers), _Poll()
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
        """A worker that does not listen has ended. Answers may come before all workers were asked."""
        listed = self._membership.workers() if workers is None else workers
        others = [worker for worker in listed if worker != self._mailbox.worker]
        heard = self._mailbox.send_all([(worker, ASK, message) for worker in others])
        listening = {worker for worker, is_there in zip(others, heard, strict=True) if is_there}
        poll.open = listening - set(poll.given)
        poll.is_asked = True
        poll.close_if_done()

    # From other workers

    def _hear_question(self, message: bytes) -> None:
        head, _, question = message.partition(b"\n")
        origin, number, kind = head.decode().split()
        gevent.spawn(self._answer, origin, number, kind, question)

    def _answer(self, origin: str, number: str, kind: str, question: bytes) -> None:
        answer = self.questions[kind](question)
        head = f"{number} {self._mailbox.worker}\n".encode()
        self._mailbox.post(origin, ANSWER, head + answer)

    def _hear_answer(self, message: bytes) -> None:
        head, _, answer = message.partition(b"\n")
        number, worker = head.decode().split()
        poll = self._polls.get(int(number))
        if poll is not None:  # else it comes too late
            poll.note(worker, answer)

"""The order of a run: all clients connect, traffic goes on for minutes, it gets quiet, all clients leave."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.bench import say
from benchmarks.rivals.base import running
from benchmarks.soak.cast import cast
from benchmarks.soak.judgement import left_behind
from benchmarks.soak.plan import Plan
from benchmarks.soak.readers import Inbox, Reader, Visitor
from benchmarks.soak.samples import (
    EXTRA,
    GREENLETS,
    POSTGRES,
    REDIS,
    SOCKETS,
    STREAMS,
    Sampler,
    Samples,
    last,
)
from benchmarks.soak.servers import SoakedHub
from benchmarks.soak.tally import Tally
from benchmarks.soak.traffic import Traffic
from benchmarks.soak.users import SoakUser

SETTLE_SECONDS = 45.0
LEAVE_SECONDS = 30.0
EMPTY_SECONDS = 90.0  # the hub keeps an idle connection for 75
SAID_SECONDS = 30.0


@dataclass
class Outcome:
    """`left` is what stayed behind when all clients had gone. Types of objects, by worker: `grown` in the
    judged time, `kept` when all clients had gone; both say how many more there were than before."""

    plan: Plan
    tally: Tally
    samples: Samples
    left: dict[str, float] = field(default_factory=dict)
    grown: list[Counter[str]] = field(default_factory=list)
    kept: list[Counter[str]] = field(default_factory=list)


def soak(plan: Plan) -> Outcome:
    """Starts everything, soaks it and ends it. Raises `Missing` when something can't be had."""
    with running(SoakedHub(), core=None) as hub:
        assert isinstance(hub, SoakedHub)
        return asyncio.run(_Run(hub, plan).carry_out())


class _Run:
    def __init__(self, hub: SoakedHub, plan: Plan) -> None:
        self.hub, self.plan = hub, plan
        self.tally = Tally()
        self.visitors: list[Visitor] = []
        self.users: list[SoakUser] = []
        self.readers: list[Reader] = []
        self.inboxes: list[Inbox] = []
        self._acknowledging: list[asyncio.Future[None]] = []
        self._say_at = SAID_SECONDS

    async def carry_out(self) -> Outcome:
        say("making accounts, constellations, recipients and bots ...")
        self.scene = await cast(self.hub, self.plan, self.tally)
        self.sampler = Sampler(self.hub)
        self._gather()
        traffic = Traffic(self.scene, self.users)
        before, objects = await self._warm_up(traffic)
        watching = asyncio.ensure_future(self._careful(self._watch()))
        grown = await self._everything(traffic)
        outcome = Outcome(self.plan, self.tally, self.sampler.samples, grown=grown)
        say("it gets quiet ...")
        await self._get_quiet(traffic)
        await self._leave()
        outcome.left = await self._left_since(before)
        outcome.kept = _grown(objects, self.sampler.types())
        await self._end([watching])
        self.sampler.close()
        return outcome

    def _gather(self) -> None:
        """Two streams for each recipient, the others spread over the rooms."""
        scene, rooms = self.scene, self.scene.rooms
        self.inboxes = [Inbox(scene, recipient) for recipient in scene.recipients for _ in range(2)]
        for number in range(self.plan.readers):
            room = rooms[number % len(rooms)]
            token = room.tokens[number // len(rooms) % len(room.tokens)]
            self.readers.append(Reader(scene, room, token))
        self.visitors = [*self.readers, *self.inboxes]
        scene.chance.shuffle(self.visitors)
        self.users = [SoakUser(scene, name) for name in (*scene.bots, *scene.users)]

    async def _warm_up(self, traffic: Traffic) -> tuple[dict[str, float], list[Counter[str]]]:
        """What there is before anybody comes, and after everything was made that is made but once."""
        traffic.warm_up()
        await traffic.settle(SETTLE_SECONDS)
        self.scene.client.close()
        self.sampler.begin()
        self.sampler.look()
        return self._state(), self.sampler.types()

    async def _everything(self, traffic: Traffic) -> list[Counter[str]]:
        """All that goes on, until the time is over; what grew of the workers' objects meanwhile."""
        churn = self._churn()
        self._acknowledging = [asyncio.ensure_future(inbox.acknowledge()) for inbox in self.inboxes]
        await self._sleep_until(self.plan.ramp)
        acts = [asyncio.ensure_future(act) for act in traffic.acts()]
        await self._sleep_until(self.plan.judged_from)
        at_first = self.sampler.types()
        await self._sleep_until(self.plan.seconds)
        at_last = self.sampler.types()
        await self._end(acts)
        await traffic.settle(SETTLE_SECONDS)
        await self._end(churn)
        return _grown(at_first, at_last)

    def _churn(self) -> list[asyncio.Future[None]]:
        """The life of every client, spread over the time in which they connect."""
        visits, meets = self.plan.ramp / len(self.visitors), self.plan.ramp / len(self.users)
        lives: list[Awaitable[None]] = [
            *(visitor.live(number * visits) for number, visitor in enumerate(self.visitors)),
            *(user.live(number * meets) for number, user in enumerate(self.users)),
        ]
        return [asyncio.ensure_future(self._careful(life)) for life in lives]

    async def _careful(self, life: Awaitable[None]) -> None:
        """A mistake in the load must not pass for a quiet client."""
        try:
            await life
        except Exception as error:
            self.tally.fault(f"the load itself: {error!r}")

    async def _sleep_until(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds - self.sampler.seconds))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.plan.sample_seconds)
            self.sampler.look()
            self.tally.write_off()
            self._say_now_and_then()

    async def _end(self, tasks: Sequence[asyncio.Future[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _get_quiet(self, traffic: Traffic) -> None:
        """All clients are back, one more event goes to each room, and everything that is due arrives."""
        self.scene.is_quiet = True
        await self._settle(lambda: all(reader.cursor for reader in self.readers))
        await asyncio.gather(*(traffic.publish(room) for room in self.scene.rooms))
        await self._settle(lambda: not self._behind() and not self.tally.outstanding)
        for reader in self._behind():
            self.tally.missed(max(1, reader.room.sent - (reader.number or reader.room.sent)))
        self.tally.write_off(older_than=0)
        await self._end(self._acknowledging)

    def _behind(self) -> list[Reader]:
        return [reader for reader in self.readers if reader.number != reader.room.sent]

    async def _settle(self, is_settled: Callable[[], bool]) -> None:
        """Who is cut off meanwhile, because it had stalled, comes back."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            away = [visitor for visitor in self.visitors if not visitor.is_open]
            await asyncio.gather(*(visitor.come() for visitor in away))
            if (not away and is_settled()) or time.monotonic() > deadline:
                return
            await asyncio.sleep(0.2)

    async def _leave(self) -> None:
        self.scene.client.close()
        for visitor in self.visitors:
            if visitor.stream is not None:
                visitor.stream.leave()
        for user in self.users:
            if user.socket is not None:
                user.socket.leave()
        held = [user.socket.ended.wait() for user in self.users if user.is_open and user.socket is not None]
        if held:
            await asyncio.wait([asyncio.ensure_future(wait) for wait in held], timeout=LEAVE_SECONDS)

    async def _left_since(self, before: dict[str, float]) -> dict[str, float]:
        """How much more there is than at the beginning, as soon as it is not too much, or after a while."""
        deadline = time.monotonic() + EMPTY_SECONDS
        while True:
            self.sampler.look()
            left = {name: value - before[name] for name, value in self._state().items()}
            if not left_behind(left) or time.monotonic() > deadline:
                return left
            await asyncio.sleep(0.5)

    def _state(self) -> dict[str, float]:
        """Of all workers together. Connections to the stores are kept for the next who needs one."""
        of = self.sampler.samples.of
        now = {
            figure: sum(last(points) for points in of(figure).values())
            for figure in (STREAMS, SOCKETS, EXTRA, GREENLETS, REDIS, POSTGRES)
        }
        now[EXTRA] -= now.pop(REDIS) + now.pop(POSTGRES)
        return now

    def _say_now_and_then(self) -> None:
        if self.sampler.seconds < self._say_at:
            return
        self._say_at += SAID_SECONDS
        state = ", ".join(f"{value:,.0f} {name}" for name, value in self._state().items())
        faults = f"; faults: {dict(self.tally.faults)}" if self.tally.faults else ""
        say(f"{self.sampler.seconds:4.0f} s  {state}, {self.tally.received:,} deliveries{faults}")


def _grown(first: list[Counter[str]], then: list[Counter[str]]) -> list[Counter[str]]:
    return [after - before for before, after in zip(first, then, strict=True)]

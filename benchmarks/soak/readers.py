"""Clients that hold event streams: they connect, read for a while, leave in one of several ways, reconnect.

A reader checks that the numbered events of its constellation come one after another, over all of its
connections; the inbox of a recipient, that what was sent to it comes at all.
"""

import asyncio
import json
import re

from benchmarks.soak.cast import Name, Room, Scene
from benchmarks.soak.stream import Stream, open_stream

LIFE_SECONDS = 200.0  # the mean
PAUSE_SECONDS = 3.0
STALL_SECONDS = 12.0
CLOSING_SECONDS = 5.0
FRESH, BY_TICKET, CUTTING, STALLING = 0.1, 0.2, 0.35, 0.5
"""Shares of visits: without a cursor, by a ticket, that end by RST, and (in a loud room) that stall."""
ACKNOWLEDGE_SECONDS = 2.0
_NUMBER = re.compile(r'"n": (\d+)')


class Visitor:
    """One place in the crowd. `live` is its churn; cancelled, it leaves an open stream open."""

    def __init__(self, scene: Scene, token: str, path: str) -> None:
        self.scene = scene
        self.token, self.path = token, path
        self.stream: Stream | None = None

    @property
    def is_open(self) -> bool:
        return self.stream is not None and not self.stream.ended.is_set()

    @property
    def cursor(self) -> str:
        """Where the last stream left off."""
        return "" if self.stream is None else self.stream.cursor

    async def live(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            if await self.come(is_slow=self.will_stall()):
                life = self.scene.chance.expovariate(1 / LIFE_SECONDS)
                if not await self.is_over_within(life):
                    await self.go()
            await asyncio.sleep(self.scene.chance.uniform(0.2, PAUSE_SECONDS))

    async def come(self, is_slow: bool = False) -> bool:
        """Whether there is a stream now."""
        tally = self.scene.tally
        tally.count("streams opened")
        path, token = self.path, self.token
        try:
            if self.scene.chance.random() < BY_TICKET:
                path, token = f"{path}?ticket={await self._ticket()}", ""
            self.stream = await open_stream(
                self.scene.port, path, self.take, token=token, cursor=self.begin(), is_slow=is_slow
            )
            await self.stream.begun()
        except (OSError, TimeoutError) as error:
            tally.fault(f"a stream could not be opened: {type(error).__name__}")
            return False
        if self.stream.status != 200:
            tally.fault(f"a stream was answered {self.stream.status}")
        return self.stream.status == 200

    async def go(self) -> None:
        assert self.stream is not None
        if self.scene.chance.random() < CUTTING:
            self.stream.disconnect()
        else:
            self.stream.leave()
        await self.stream.ended.wait()

    async def is_over_within(self, seconds: float) -> bool:
        """Whether the hub ended the stream, which it should not but where `may_be_cut`."""
        assert self.stream is not None
        try:
            await asyncio.wait_for(self.stream.ended.wait(), seconds)
        except TimeoutError:
            return False
        if self.may_be_cut:
            self.scene.tally.count("slow readers cut off")
        else:
            self.scene.tally.fault(f"a stream ended: {self.stream.reason or 'without a reason'}")
        return True

    @property
    def may_be_cut(self) -> bool:
        return False

    def begin(self) -> str:
        """The cursor to come with."""
        return ""

    def will_stall(self) -> bool:
        return False

    def take(self, name: str, data: str) -> None:
        """An event came."""

    async def _ticket(self) -> str:
        made = await self.scene.client.json("POST", "/api/stream-ticket", token=self.token)
        self.scene.tally.count("tickets")
        return str(made.get("ticket", ""))


class Reader(Visitor):
    def __init__(self, scene: Scene, room: Room, token: str) -> None:
        super().__init__(scene, token, room.updates)
        self.room = room
        self.number: int | None = None
        self._will_stall = False

    @property
    def may_be_cut(self) -> bool:
        """Its buffer is small from the beginning, so that it can be too slow even before it stalls."""
        return self._will_stall

    def will_stall(self) -> bool:
        self._will_stall = self.room.is_loud and self.scene.chance.random() < STALLING
        return self._will_stall

    def begin(self) -> str:
        is_fresh = not self.scene.is_quiet and self.scene.chance.random() < FRESH
        if is_fresh or not self.cursor:
            self.number = None
            return ""
        self.scene.tally.count("streams resumed by cursor")
        return self.cursor

    def take(self, name: str, data: str) -> None:
        if name == "stream.reset":
            self.scene.tally.fault("a stream was reset")
            self.number = None
        found = _NUMBER.search(data) if name == "message" else None
        if found is None:
            return
        number = int(found[1])
        if self.number is not None and number <= self.number:
            self.scene.tally.fault("an event came twice")
            return
        self.scene.tally.delivered(missed=0 if self.number is None else number - self.number - 1)
        self.number = number

    async def go(self) -> None:
        if self._will_stall:
            await self._stall()
        else:
            await super().go()

    async def _stall(self) -> None:
        """Reads nothing for a while; the hub cuts it off, and what it missed it gets when it is back."""
        assert self.stream is not None
        self.stream.stall()
        try:
            await asyncio.sleep(STALL_SECONDS)
        finally:
            self.stream.resume()
        try:
            await asyncio.wait_for(self.stream.ended.wait(), CLOSING_SECONDS)
            self.scene.tally.count("slow readers cut off")
        except TimeoutError:
            self.stream.leave()
            await self.stream.ended.wait()


class Inbox(Visitor):
    """One of the streams of a recipient; what came is acknowledged in bundles."""

    def __init__(self, scene: Scene, recipient: Name) -> None:
        super().__init__(scene, recipient.token, "/sse")
        self.recipient = recipient
        self._unacknowledged: list[str] = []

    def take(self, name: str, data: str) -> None:
        if name != "message":
            return
        message = json.loads(data)
        if message["id"]:
            self.scene.tally.got(f"{message['payload']} to {self.recipient.id}")
            self._unacknowledged.append(message["id"])

    async def acknowledge(self) -> None:
        while True:
            await asyncio.sleep(self.scene.chance.uniform(0.5, 1.5) * ACKNOWLEDGE_SECONDS)
            ids, self._unacknowledged = self._unacknowledged, []
            if ids:
                self.scene.tally.count("acknowledgements")
                path = "/api/message/acknowledge"
                await self.scene.client.ask("POST", path, {"message_ids": ids}, self.token)

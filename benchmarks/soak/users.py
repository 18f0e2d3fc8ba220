"""Clients that hold WebSockets: users and bots that answer requests, connect and disconnect."""

import asyncio
import json

from benchmarks.soak.cast import Name, Scene
from benchmarks.soak.websocket import SoakSocket, connect

LIFE_SECONDS = 90.0  # the mean
PAUSE_SECONDS = 3.0
SETTLE_SECONDS = 3.0
"""For this long before and after a change a user gets no push and no request: every failure counts."""
SILENCE_SECONDS = 45.0  # pings every 25, 10 more to answer, and some
CUTTING, SILENT = 0.4, 0.05
ANSWERS = 2
OPEN = 101


class SoakUser:
    """One name. `is_ready`: connected long enough ago to be pushed to and asked, and not about to leave."""

    def __init__(self, scene: Scene, name: Name) -> None:
        self.scene, self.name = scene, name
        self.is_ready = False
        self.socket: SoakSocket | None = None

    @property
    def is_open(self) -> bool:
        return self.socket is not None and not self.socket.ended.is_set()

    async def live(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            await self.come()
            assert self.socket is not None
            self.is_ready = not await self._is_over_within(self.socket, SETTLE_SECONDS)
            if self.is_ready:
                life = self.scene.chance.expovariate(1 / LIFE_SECONDS)
                is_over = await self._is_over_within(self.socket, life)
                self.is_ready = False
                if not is_over and not await self._is_over_within(self.socket, SETTLE_SECONDS):
                    await self._go(self.socket)
            await asyncio.sleep(self.scene.chance.uniform(0.2, PAUSE_SECONDS))

    async def come(self) -> None:
        self.scene.tally.count("sockets opened")
        while True:
            try:
                self.socket = await connect(self.scene.port, self.name.id, self.name.token, self._take)
            except (OSError, TimeoutError) as error:
                self.scene.tally.fault(f"a socket could not be opened: {type(error).__name__}")
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if self.socket.status == OPEN:
                return
            self.scene.tally.fault(f"a socket was answered {self.socket.status}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _go(self, socket: SoakSocket) -> None:
        how = self.scene.chance.random()
        if how < SILENT:
            await self._fall_silent(socket)
            return
        if how < SILENT + CUTTING:
            socket.disconnect()
        else:
            socket.leave()
        try:
            await asyncio.wait_for(socket.ended.wait(), SILENCE_SECONDS)
        except TimeoutError:
            self.scene.tally.fault("a socket was not closed by the hub")
            socket.disconnect()

    async def _fall_silent(self, socket: SoakSocket) -> None:
        """Like a client whose machine is gone: the hub notices by its pings."""
        socket.fall_silent()
        try:
            await asyncio.sleep(SILENCE_SECONDS)
        finally:
            socket.listen_again()
        try:
            await asyncio.wait_for(socket.ended.wait(), SETTLE_SECONDS)
            self.scene.tally.count("silent sockets closed")
        except TimeoutError:
            self.scene.tally.fault("a silent socket was not closed")
            socket.disconnect()

    async def _is_over_within(self, socket: SoakSocket, seconds: float) -> bool:
        """Whether the hub closed it, which it should not."""
        try:
            await asyncio.wait_for(socket.ended.wait(), seconds)
        except TimeoutError:
            return False
        self.scene.tally.fault(f"a socket was closed: {socket.code} {socket.reason}")
        return True

    def _take(self, text: bytes) -> None:
        frame = json.loads(text)
        self.scene.tally.got(frame.get("key", ""))
        if frame.get("kind") != "question" or self.socket is None:
            return
        for number in range(1, ANSWERS + 1):
            answer = {
                "correlation_id": frame["correlation_id"],
                "part": number,
                "is_final": number == ANSWERS,
            }
            self.socket.send(json.dumps(answer).encode())

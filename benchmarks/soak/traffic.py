"""What goes on beside the streams: publishing, questions and pushes, messages, concepts, reads, sessions."""

import asyncio
import base64
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from benchmarks.harness.places import ROOT
from benchmarks.soak.cast import GROUP, PASSWORD, Room, Scene
from benchmarks.soak.servers import CLIENT_ID, CLIENT_SECRET
from benchmarks.soak.stream import open_stream
from benchmarks.soak.users import ANSWERS, SoakUser

PUBLISH_SECONDS, LOUD_PUBLISH_SECONDS = 1.0, 1 / 6
LOUD_BYTES = 16 * 1024
BATCH = 10
RENEW_SECONDS = 200.0  # the back end's token is good for 300
CONCEPT_SECONDS, LOGOUT_SECONDS = 40.0, 10.0
_ERROR = re.compile(rb'"error":\s*"([^"]*)')
_PART = re.compile(rb'"part":\s*(\d+)')

Act = Callable[[], Coroutine[Any, Any, None]]


class Traffic:
    """`acts` are the endless tasks that make it; cancelled, they end at once."""

    def __init__(self, scene: Scene, users: list[SoakUser]) -> None:
        self.scene, self.users = scene, users
        self._keys = itertools.count(1)
        self._under_way: set[asyncio.Task[None]] = set()
        image = (ROOT / "examples/ad.png").read_bytes()
        self._image = f"data:image/png;base64,{base64.b64encode(image).decode()}"

    def acts(self) -> list[Awaitable[None]]:
        rate = self.scene.plan.rate
        return [
            *(self._publish(room) for room in self.scene.rooms),
            self._every(1 / rate(3, 1), self._question),
            self._every(1 / rate(6, 2), self._push),
            self._every(1 / rate(0.5, 0.5), self._push_batch),
            self._every(1 / rate(2, 1), self._notify),
            self._every(1 / rate(12, 4), self._read),
            self._every(1 / rate(1, 0.5), self._write),
            self._every(1 / rate(0.2, 0.2), self._visit),
            self._every(1 / rate(0.1, 0.1), self._make_concept),
            self._renew(),
        ]

    def warm_up(self) -> None:
        """So much at once that each worker makes and loads what it makes and loads but once: as many
        connections to the database as it keeps, and what reads images."""
        reads, concepts = round(self.scene.plan.rate(60, 10)), round(self.scene.plan.rate(16, 2))
        for act in [self._read] * reads + [self._make_concept] * concepts:
            self._begin(act)

    async def settle(self, seconds: float) -> None:
        """Until what was begun has ended."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def _every(self, seconds: float, act: Act) -> None:
        """At this pace on the average, whatever becomes of those before."""
        while True:
            await asyncio.sleep(self.scene.chance.uniform(0.5, 1.5) * seconds)
            self._begin(act)

    def _begin(self, act: Act) -> None:
        task = asyncio.ensure_future(act())
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.scene.tally.fault(f"the load itself: {task.exception()!r}")

    # Constellations

    async def _publish(self, room: Room) -> None:
        pause = LOUD_PUBLISH_SECONDS if room.is_loud else PUBLISH_SECONDS
        while True:
            await asyncio.sleep(self.scene.chance.uniform(0.5, 1.5) * pause)
            await asyncio.shield(asyncio.ensure_future(self.publish(room)))

    async def publish(self, room: Room) -> None:
        """The next numbered event of a room; the one before was answered."""
        body = {"n": room.sent + 1, "text": "x" * (LOUD_BYTES if room.is_loud else 100)}
        token = self.scene.chance.choice(room.tokens)
        answer = await self._ask("POST", f"/sse/notify/{room.uuid}", body, token, "/sse/notify")
        if answer.is_good:
            room.sent += 1
            self.scene.tally.count("events published")

    async def _write(self) -> None:
        room = self.scene.chance.choice(self.scene.rooms)
        token = room.owner.token
        await self._ask("PATCH", f"/files/{room.file}", {"content": self._key()}, token, "/files/{id}")
        made = {"name": self._key(), "parent_folder_uuid": room.folder}
        folder = await self.scene.client.json("POST", "/folders", made, token)
        if folder:
            path = f"/folders/{folder['folder_uuid']}"
            await self._ask("DELETE", path, None, token, "/folders/{id}")

    async def _read(self) -> None:
        room = self.scene.chance.choice(self.scene.rooms)
        recipient = self.scene.chance.choice(self.scene.recipients)
        token, service = self.scene.chance.choice(room.tokens), self.scene.service
        kind, path, used = self.scene.chance.choice(
            (
                ("/health", "/health", ""),
                ("/health/ready", "/health/ready", ""),
                ("/metrics", "/metrics", ""),
                ("/constellations", "/constellations", token),
                ("/constellations/{id}", f"/constellations/{room.uuid}", token),
                ("/structure/{id}", f"/structure/{room.uuid}", token),
                ("/files/{id}", f"/files/{room.file}", token),
                ("/constellations/{id}/users", f"/constellations/{room.uuid}/users", token),
                ("/api/user", "/api/user?page=1&per_page=20", service),
                ("/api/user/{id}/messages", f"/api/user/{recipient.id}/messages?state=unread", service),
                ("/api/ad-concepts", "/api/ad-concepts?page=1&per_page=5", token),
            )
        )
        self.scene.tally.count("reads")
        await self._ask("GET", path, None, used, kind)

    async def _visit(self) -> None:
        """Logs in, opens a stream, logs out: the hub ends the stream and says why."""
        tally, room = self.scene.tally, self.scene.chance.choice(self.scene.rooms)
        asked = {"name": room.owner.name, "password": PASSWORD}
        session = await self.scene.client.json("POST", "/login", asked)
        if not session:
            return
        stream = await open_stream(
            self.scene.port, room.updates, lambda name, data: None, token=session["access_token"]
        )
        await stream.begun()
        await self._ask("POST", "/logout", None, session["access_token"], "/logout")
        try:
            await asyncio.wait_for(stream.ended.wait(), LOGOUT_SECONDS)
        except TimeoutError:
            tally.fault("a stream outlived its token")
            stream.leave()
        if stream.reason != "logged_out":
            tally.fault(f"after logging out a stream ended: {stream.reason or 'without a reason'}")
        tally.count("sessions")

    # Gateway

    async def _question(self) -> None:
        target = self._someone()
        if target is None:
            return
        body = {"user_id": target.name.id, "data": {"kind": "question"}}
        answer = await self._ask("POST", "/sse/send", body, self.scene.service)
        parts = [int(number) for number in _PART.findall(answer.body)]
        if answer.is_good and parts != list(range(1, ANSWERS + 1)):
            told = _ERROR.search(answer.body)
            self.scene.tally.fault(f"a question was answered {told[1].decode() if told else parts}")
        self.scene.tally.count("questions")

    async def _push(self) -> None:
        target = self._someone()
        if target is None:
            return
        key = self._key()
        self.scene.tally.expect(key)
        body = {"user_id": target.name.id, "data": {"kind": "push", "key": key}}
        got = await self.scene.client.json("POST", "/sse/push", body, self.scene.service)
        self._check_push(key, got.get("status") == "success")

    async def _push_batch(self) -> None:
        targets = [user for user in (self._someone() for _ in range(BATCH)) if user is not None]
        keys = [self._key() for _ in targets]
        for key in keys:
            self.scene.tally.expect(key)
        body = [
            {"user_id": target.name.id, "data": {"kind": "push", "key": key}}
            for target, key in zip(targets, keys, strict=True)
        ]
        got = await self.scene.client.json("POST", "/sse/push/batch", body, self.scene.service)
        for key, result in zip(keys, got.get("results", [{}] * len(keys)), strict=True):
            self._check_push(key, result.get("success", False))

    def _check_push(self, key: str, is_success: bool) -> None:
        self.scene.tally.count("pushes")
        if not is_success:
            self.scene.tally.forget(key)
            self.scene.tally.fault("a push to a connected user failed")

    def _someone(self) -> SoakUser | None:
        """Who is connected and stays for a while."""
        ready = [user for user in self.users if user.is_ready]
        return self.scene.chance.choice(ready) if ready else None

    # Messages and concepts

    async def _notify(self) -> None:
        key, group = self._key(), self.scene.chance.random() < 0.1
        chosen = self.scene.group if group else self.scene.chance.sample(self.scene.recipients, k=2)
        whom = {"groups": [GROUP]} if group else {"users": [recipient.id for recipient in chosen]}
        names = [f"{key} to {recipient.id}" for recipient in chosen]
        for name in names:
            self.scene.tally.expect(name)
        body = {**whom, "payload": key}
        answer = await self._ask("POST", "/api/message/notify", body, self.scene.service)
        self.scene.tally.count("messages")
        if not answer.is_good:
            for name in names:
                self.scene.tally.forget(name)

    async def _make_concept(self) -> None:
        """Of a new advertisement; its stream is watched to the end."""
        token = self.scene.chance.choice(self.scene.accounts).token
        asked = {"ad_archive_id": self._key(), "image_url": self._image}
        made = await self.scene.client.json("POST", "/api/ad-concepts", asked, token)
        if not made:
            return
        states: list[str] = []
        stream = await open_stream(
            self.scene.port,
            made["sse_url"],
            lambda name, data: states.append(json.loads(data)["status"]),
            token=token,
        )
        try:
            await asyncio.wait_for(stream.ended.wait(), CONCEPT_SECONDS)
        except TimeoutError:
            stream.leave()
        if states[-1:] != ["completed"]:
            self.scene.tally.fault(f"a concept's stream ended with {states[-1:]}")
        self.scene.tally.count("concepts")

    async def _renew(self) -> None:
        asked = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            got = await self.scene.client.json("POST", "/api/auth/token", asked)
            self.scene.service = got.get("access_token", self.scene.service)

    def _key(self) -> str:
        return f"key-{next(self._keys)}"

    async def _ask(self, method: str, path: str, body: Any, token: str, kind: str = "") -> Any:
        return await self.scene.client.ask(method, path, body, token, kind)

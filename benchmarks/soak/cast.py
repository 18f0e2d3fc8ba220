"""Who takes part: accounts with a constellation each, recipients, and names for the sockets."""

import random
from dataclasses import dataclass, field
from typing import Any

from benchmarks.harness.install import Missing
from benchmarks.soak.client import Client
from benchmarks.soak.plan import Plan
from benchmarks.soak.servers import SoakedHub
from benchmarks.soak.tally import Tally

PASSWORD = "correct horse battery staple"
GROUP, GROUP_SIZE = "some", 5


@dataclass
class Account:
    name: str
    uuid: str
    token: str


@dataclass
class Room:
    """A constellation: `sent` counts the numbered events that were published there, one after another."""

    uuid: str
    file: str
    folder: str
    owner: Account
    is_loud: bool
    member: Account | None = None
    sent: int = 0

    @property
    def updates(self) -> str:
        return f"/sse/updates/{self.uuid}"

    @property
    def tokens(self) -> list[str]:
        return [account.token for account in (self.owner, self.member) if account is not None]


@dataclass
class Name:
    """Of a recipient, a user or a bot, and what it connects with."""

    id: str
    token: str


@dataclass
class Scene:
    """What all clients share. `service` is the back end's token, which is renewed now and then. While it
    `is_quiet` every reader connects with a cursor: one without would miss what was published before."""

    plan: Plan
    port: int
    tally: Tally
    client: Client
    service: str
    is_quiet: bool = False
    rooms: list[Room] = field(default_factory=list)
    recipients: list[Name] = field(default_factory=list)
    users: list[Name] = field(default_factory=list)
    bots: list[Name] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    @property
    def accounts(self) -> list[Account]:
        return [room.owner for room in self.rooms]

    @property
    def group(self) -> list[Name]:
        return self.recipients[:GROUP_SIZE]


async def cast(hub: SoakedHub, plan: Plan, tally: Tally) -> Scene:
    """All accounts and rooms, made through the API. Raises `Missing` when the hub refuses one."""
    scene = Scene(plan, hub.port, tally, Client(hub.port, tally), hub.service_token())
    scene.bots = [Name(f"bot_{number}", hub.create_bot(f"bot_{number}")) for number in range(plan.bots)]
    for number in range(plan.constellations):
        scene.rooms.append(await _room(scene, number))
    for room, neighbour in zip(scene.rooms, [*scene.rooms[1:], scene.rooms[0]], strict=True):
        await _join(scene, room, neighbour.owner)
    for number in range(plan.recipients):
        await _made(scene, "/api/user", {"user_id": f"reader-{number}"}, scene.service)
    scene.recipients = [await _name(scene, f"reader-{number}") for number in range(plan.recipients)]
    names = [f"user-{number}" for number in range(plan.sockets - plan.bots)]
    scene.users = [await _name(scene, name) for name in names]
    members = [recipient.id for recipient in scene.group]
    await _made(scene, "/api/group", {"name": GROUP, "users": members}, scene.service)
    return scene


async def _room(scene: Scene, number: int) -> Room:
    person = {"name": f"owner-{number}", "email": f"owner-{number}@example.com", "password": PASSWORD}
    signed_in = await _made(scene, "/register", person)
    token = signed_in["access_token"]
    made = await _made(scene, "/constellations", {"name": f"room {number}"}, token)
    shown = await scene.client.json("GET", f"/constellations/{made['constellation_uuid']}", token=token)
    folder = shown["root_folder_uuid"]
    text = {"name": "notes", "content": "as they were", "folder_uuid": folder}
    file = (await _made(scene, "/files", text, token))["file_uuid"]
    owner = Account(person["name"], signed_in["user_uuid"], token)
    return Room(shown["constellation_uuid"], file, folder, owner, is_loud=number < scene.plan.loud)


async def _join(scene: Scene, room: Room, account: Account) -> None:
    body = {"user_uuid": account.uuid, "rights": "READ"}
    await _made(scene, f"/constellations/{room.uuid}/connect", body, room.owner.token)
    room.member = account


async def _name(scene: Scene, id: str) -> Name:
    got = await scene.client.json("GET", f"/api/user/{id}/token", token=scene.service)
    return Name(id, got["access_token"])


async def _made(scene: Scene, path: str, body: dict[str, Any], token: str = "") -> Any:
    got = await scene.client.json("POST", path, body, token)
    if not got:
        raise Missing(f"POST {path} was refused: {dict(scene.tally.faults)}")
    return got

"""Notifications in production's setup: no message is lost, whichever process dies meanwhile."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gevent
import pytest
from gevent.event import Event

from tests.support.eventsource import EventSource
from tests.support.fixtures import OpenStream, StartHub
from tests.support.hub import HubProcess
from tests.support.inbox import CLIENT, PersistentBackend, Recipient, service_token, user_token
from tests.support.services import PostgresServer, RedisServer
from tests.support.wait import wait_until

MESSAGES, USERS, GROUPS, SENDERS = 5000, 50, 5, 4


def notify(hub: HubProcess, token: str, payload: str, *users: str) -> str:
    answer = hub.post("/api/message/notify", token=token, json={"users": users, "payload": payload})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def payloads(source: EventSource) -> list[str]:
    return [json.loads(text)["payload"] for text in source.data]


class Sending:
    """Messages to users and groups, a part by each sender; `expected` is who has to get what."""

    def __init__(self, hub: HubProcess, token: str) -> None:
        self._hub, self._token = hub, token
        self._random = random.Random(5)
        self.members = {f"group{g}": [f"user{u}" for u in range(g, USERS, GROUPS)] for g in range(GROUPS)}
        self.users = [f"user{number}" for number in range(USERS)]
        self.expected: dict[str, dict[str, str]] = {user: {} for user in self.users}
        self.done = 0

    def run(self, sender: int) -> None:
        calls = PersistentBackend(self._hub, self._token)
        for number in range(MESSAGES // SENDERS):
            self._send(calls, f"{sender}:{number}")
            self.done += 1

    def _send(self, calls: PersistentBackend, payload: str) -> None:
        """Two of five go to a group, and some of these to a member by name too."""
        group, user = self._random.choice(list(self.members)), self._random.choice(self.users)
        is_for_group = self._random.random() < 0.4
        groups = [group] if is_for_group else []
        users = [user] if not is_for_group or self._random.random() < 0.2 else []
        body = {"users": users, "groups": groups, "payload": payload}
        answer = calls.post("/api/message/notify", body, **{"Idempotency-Key": payload})
        reached = {*users, *(self.members[group] if is_for_group else [])}
        assert answer["recipients"] == len(reached)
        for name in reached:
            self.expected[name][answer["id"]] = payload


def inbox(hub: HubProcess, token: str, user: str) -> dict[str, tuple[str, bool]]:
    """Payload and whether it is read, by id, as the database has it."""
    answer = hub.get(f"/api/user/{user}/messages?state=all", token=token).json()
    found = {message["id"]: (message["payload"], message["read"]) for message in answer["list"]}
    assert len(found) == answer["total"]
    return found


@pytest.fixture
def recipients() -> Iterator[dict[str, Recipient]]:
    opened: dict[str, Recipient] = {}
    yield opened
    for recipient in opened.values():
        recipient.close()


def test_nothing_is_lost(
    hub: StartHub,
    own_redis: RedisServer,
    own_postgres: PostgresServer,
    recipients: dict[str, Recipient],
    open_stream: OpenStream,
) -> None:
    """5,000 messages to 50 users; workers are killed, Redis comes back empty, PostgreSQL restarts."""
    database_url = own_postgres.create_database()
    process = hub(workers=2, redis_url=own_redis.url, database_url=database_url, **CLIENT)
    token = service_token(process)
    sending = Sending(process, token)
    for name, members in sending.members.items():
        answer = process.post("/api/group", token=token, json={"name": name, "users": members})
        assert answer.status_code == 201, answer.text
    for user in sending.users:
        recipients[user] = Recipient(process, user_token(process, token, user))

    def kill_one() -> None:
        process.kill_worker(random.choice(process.worker_pids()))

    def empty_redis() -> None:
        own_redis.stop()
        gevent.sleep(0.5)  # long enough for messages to be stored meanwhile
        own_redis.start()

    restart = own_postgres.restart
    disturbances: list[Callable[[], Any]] = [kill_one, empty_redis, restart, kill_one, empty_redis]
    over = Event()
    senders = [gevent.spawn(sending.run, number) for number in range(SENDERS)]
    readers = [gevent.spawn(keep_acknowledging, recipient, over) for recipient in recipients.values()]
    for number, disturb in enumerate(disturbances, 1):
        aim = MESSAGES * number // (len(disturbances) + 1)
        wait_until(partial(has_come_to, sending, senders, aim), 60, f"{aim} messages")
        disturb()
    gevent.joinall(senders, timeout=60, raise_error=True)
    assert sending.done == MESSAGES
    for user, expected in sending.expected.items():
        recipient = recipients[user]
        recipient.wait_for(lambda it, expected=expected: expected.keys() <= it.received.keys(), 30)
    over.set()
    gevent.joinall(readers, timeout=30, raise_error=True)

    for user, expected in sending.expected.items():
        recipient = recipients[user]
        recipient.acknowledge_some()
        assert recipient.received == expected
        assert recipient.broken == []
        found = inbox(process, token, user)
        assert found == {id: (text, id in recipient.acknowledged) for id, text in expected.items()}
        unread = [text for text, is_read in found.values() if not is_read]
        source = open_stream(f"{process.url}/sse?token={user_token(process, token, user)}")
        source.wait_for_messages(len(unread), timeout=10)
        assert payloads(source) == unread
        source.close()


def has_come_to(sending: Sending, senders: list[gevent.Greenlet[..., None]], aim: int) -> bool:
    return sending.done >= aim or any(sender.ready() for sender in senders)


def keep_acknowledging(recipient: Recipient, over: Event) -> None:
    """In batches, as an application would."""
    while not over.wait(2):
        recipient.acknowledge_some()


def test_redis_away_and_back(hub: StartHub, own_redis: RedisServer, open_stream: OpenStream) -> None:
    """More messages than an outbox holds are stored meanwhile, and no stream reconnects."""
    process = hub(workers=2, redis_url=own_redis.url, OUTBOX_EVENTS="5", **CLIENT)
    token = service_token(process)
    url = f"{process.url}/sse?token={user_token(process, token, 'dora')}"
    sources = process.open_on_every_worker(lambda: open_stream(url).wait_open(), 4)
    for source in sources:
        source.wait_for_messages(1)
    own_redis.stop()
    ids = [notify(process, token, f"{number}", "dora", "emil") for number in range(40)]
    read = {"user_id": "dora", "message_ids": ids[:10]}
    assert process.post("/api/message/acknowledge", token=token, json=read).json() == {"acknowledged": 10}
    late = open_stream(url)
    late.wait_for_messages(30)
    own_redis.start()
    for source in (*sources, late):
        source.wait_for(lambda it: {f"{number}" for number in range(10, 40)} <= set(payloads(it)), 15)
        assert not {f"{number}" for number in range(10)} & set(payloads(source))
        assert source.attempts == 1
    notify(process, token, "after", "dora")
    for source in (*sources, late):
        source.wait_for(lambda it: payloads(it)[-1] == "after")


def test_the_database_away(hub: StartHub, own_postgres: PostgresServer, open_stream: OpenStream) -> None:
    """A browser that connects meanwhile is told to reconnect; a status would stop it for good."""
    process = hub(database_url=own_postgres.create_database(), **CLIENT)
    token = service_token(process)
    mine = user_token(process, token, "dora")
    open_stream(f"{process.url}/sse?token={mine}").wait_for_messages(1)
    own_postgres.stop()
    source = open_stream(f"{process.url}/sse?token={mine}", reconnect=True)
    assert source.wait_for_event("stream.closed").data == '{"reason": "overloaded"}'
    body = {"users": ["dora"], "payload": "x"}
    assert process.post("/api/message/notify", token=token, json=body).status_code == 503
    own_postgres.start()
    wait_until(lambda: process.get("/health/ready").status_code == 200, 15)
    notify(process, token, "after", "dora")
    source.wait_for(lambda it: "after" in payloads(it), 10)


def test_a_disabled_client_and_a_deleted_user(hub: StartHub, redis_url: str, open_stream: OpenStream) -> None:
    """What the command line or either worker does takes effect on both workers within a second."""
    process = hub(workers=2, redis_url=redis_url, **CLIENT)
    printed = process.flask("client", "create", "Other")
    made = dict(line.split("=", 1) for line in printed.splitlines() if line.startswith("CLIENT_"))
    body = {"client_id": made["CLIENT_ID"], "client_secret": made["CLIENT_SECRET"]}
    other = str(process.post("/api/auth/token", json=body).json()["access_token"])
    url = f"{process.url}/sse?token={user_token(process, other, 'dora')}"
    sources = process.open_on_every_worker(lambda: open_stream(url).wait_open(), 4)
    for source in sources:
        source.wait_for_messages(1)
    assert process.delete("/api/user/dora", token=service_token(process)).status_code == 204
    for source in sources:
        assert source.wait_for_event("stream.closed", 5).data == '{"reason": "deleted"}'
    assert open_stream(url).wait_over().status == 400
    process.flask("client", "disable", made["CLIENT_ID"])
    statuses = {process.get("/api/user", token=other).status_code for _ in range(10)}
    wait_until(lambda: process.get("/api/user", token=other).status_code == 401, 5, f"{statuses}")

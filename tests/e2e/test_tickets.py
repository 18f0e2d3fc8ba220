"""Tickets over two workers: good once, whoever made them."""

from __future__ import annotations

import json

import pytest

from tests.support.eventsource import EventSource
from tests.support.fixtures import StartGateway, StartStage
from tests.support.health import wait_health
from tests.support.services import RedisServer
from tests.support.stage import Stage
from tests.support.wait import wait_until


def mint(stage: Stage, pid: int | None = None) -> str:
    """On that worker, or on any."""
    connection = stage.hub.connection(pid)
    connection.request("POST", "/api/stream-ticket", headers={"Authorization": f"Bearer {stage.token}"})
    answer = connection.getresponse()
    assert answer.status == 201
    ticket: str = json.loads(answer.read())["ticket"]
    connection.close()
    return ticket


def use(stage: Stage, ticket: str) -> EventSource:
    return stage.start_stream(f"?ticket={ticket}", token=None)


def test_a_ticket_of_one_worker_opens_a_stream_on_another(pair: Stage) -> None:
    for pid in pair.hub.worker_pids():
        opened: set[int | None] = set()
        while len(opened) < 2:  # the kernel decides which worker takes a connection
            ticket = mint(pair, pid)
            stream = use(pair, ticket).wait_open()
            opened.add(pair.hub.holder_of(stream.local_port))
            assert use(pair, ticket).wait_over().status == 401
            stream.close()
    assert ticket not in pair.hub.log


def test_of_fifty_at_once_one_wins(pair: Stage) -> None:
    for pid in pair.hub.worker_pids():
        ticket = mint(pair, pid)
        tries = [use(pair, ticket) for _ in range(50)]
        wait_until(lambda tries=tries: all(it.status for it in tries), 15, "fifty answers")  # type: ignore[misc]
        assert sorted(it.status or 0 for it in tries) == [200, *[401] * 49]
        for it in tries:
            it.close()


@pytest.mark.parametrize("order", ["logout", "expiry"])
def test_the_stream_ends_as_if_the_token_had_opened_it(start_pair: StartStage, order: str) -> None:
    stage = start_pair(ACCESS_TOKEN_SECONDS="3600" if order == "logout" else "8")
    stage.token = stage.hub.login(stage.name)
    streams = stage.hub.open_on_every_worker(lambda: use(stage, mint(stage)))
    if order == "logout":
        assert stage.hub.post("/logout", token=stage.token).status_code == 200
    reason = "logged_out" if order == "logout" else "token_expired"
    for stream in streams:
        assert stream.wait_for_event("stream.closed", 12).data == f'{{"reason": "{reason}"}}'


def test_while_redis_is_away_it_is_not_used_up(start_pair: StartStage, own_redis: RedisServer) -> None:
    stage = start_pair()
    ticket = mint(stage)
    own_redis.stop()
    refused = use(stage, ticket)
    assert refused.wait_for_event("stream.closed", 10).data == '{"reason": "overloaded"}'
    assert refused.retry is not None and refused.retry >= 10_000
    own_redis.start()
    wait_health(stage.hub, 200)
    again = use(stage, ticket).wait_open(timeout=10)
    again.wait_for(lambda it: it.last_event_id or it.named("stream.closed"), 10)
    assert not again.named("stream.closed")


def test_a_ticket_opens_one_socket(start_gateway: StartGateway, redis_url: str) -> None:
    stage = start_gateway(workers=2, redis_url=redis_url, GATEWAY_AUTH="token")
    uuid, token = stage.hub.register("Alice")

    def ticket() -> str:
        return str(stage.hub.post("/api/stream-ticket", token=token).json()["ticket"])

    used = ticket()
    client = stage.connect(uuid, query={"ticket": used})
    wait_until(lambda: stage.hub.get("/health").json()["connections"] == 1)
    for worker in stage.hub.worker_pids():
        for bad in (used, "garbage", token):
            assert stage.connect(uuid, worker=worker, query={"ticket": bad}).wait_closed()[0] == 1008
    assert stage.connect("another", query={"ticket": ticket()}).wait_closed()[0] == 1008
    assert client.is_open
    assert stage.hub.post("/logout", token=token).status_code == 200
    assert client.wait_closed(5) == (1008, "logged out")
    assert used not in stage.hub.log


def test_a_socket_without_redis_is_asked_to_come_again(
    start_gateway: StartGateway, own_redis: RedisServer
) -> None:
    stage = start_gateway(workers=2, redis_url=own_redis.url, GATEWAY_AUTH="token")
    uuid, token = stage.hub.register("Alice")
    ticket = stage.hub.post("/api/stream-ticket", token=token).json()["ticket"]
    own_redis.stop()
    assert stage.connect(uuid, query={"ticket": ticket}).wait_closed(10)[0] == 1013

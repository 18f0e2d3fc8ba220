"""Commands to a Redis Cluster: a pipeline per node, each command at the node that owns its slot.

A node that does not own the slot names the owner; the command follows there, at most MOVES times. The first
node did not run it, so this is no second attempt. Commands that share a slot stay in order.
"""

from collections.abc import Sequence
from typing import Any

import gevent
from gevent.event import AsyncResult
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    ResponseError,
    TryAgainError,
)

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.broker.redis.cluster_slots import Cluster
from app.realtime.broker.redis.pipeline import Call, Pipeline
from app.realtime.broker.redis.url import Address
from app.realtime.broker.store import Script

MOVES = 12
MOVES_AT_ONCE = 4
PAUSE_SECONDS = 0.1


class ClusterPipeline(Pipeline):
    """`publish_all` counts rightly, because workers subscribe at the node that owns the channel's slot."""

    PUBLISH = "SPUBLISH"

    def __init__(self, cluster: Cluster, scripts: Sequence[Script] = ()) -> None:
        self._cluster = cluster
        self._scripts = list(scripts)
        self._nodes: dict[Address, _NodePipeline] = {}

    def start(self) -> None:
        self._cluster.start()

    def stop(self) -> None:
        for node in self._nodes.values():
            node.stop()
        self._cluster.stop()

    def put(self, calls: Sequence[Call]) -> None:
        for call in calls:
            try:
                self.node(self._cluster.owner(_key(call))).put([call])
            except BrokerUnavailable as error:
                call.result.set_exception(error)

    def node(self, address: Address) -> "_NodePipeline":
        node = self._nodes.get(address)
        if node is None:
            node = self._nodes[address] = _NodePipeline(self, self._cluster, address, self._scripts)
            node.start()
        return node


class _NodePipeline(Pipeline):
    def __init__(
        self, whole: ClusterPipeline, cluster: Cluster, address: Address, scripts: Sequence[Script]
    ) -> None:
        super().__init__(cluster.server(address), scripts)
        self._whole, self._cluster, self._address = whole, cluster, address
        self._refused: list[tuple[Call, ResponseError]] = []

    def _run_batch(self, batch: list[Call]) -> None:
        super()._run_batch(batch)
        # All at once, so that what is asked for meanwhile stays behind it.
        refused, self._refused = self._refused, []
        for call, error in refused:
            self._send_on(call, error)

    def _refuse(self, call: Call, error: ResponseError) -> None:
        is_elsewhere = isinstance(error, MovedError | AskError | TryAgainError | ClusterDownError)
        is_unknown = call.command[0] == ClusterPipeline.PUBLISH and "unknown command" in str(error)
        if (is_elsewhere or is_unknown) and call.moves < MOVES:
            call.moves += 1
            self._refused.append((call, error))
        else:
            super()._refuse(call, error)

    def _send_on(self, call: Call, error: ResponseError) -> None:
        try:
            if call.moves > MOVES_AT_ONCE or isinstance(error, TryAgainError | ClusterDownError):
                self._cluster.refresh_soon()
                gevent.spawn_later(PAUSE_SECONDS, self._whole.put, [call])
            elif isinstance(error, AskError):
                asking = Call(("ASKING",), None, AsyncResult())
                self._whole.node(self._named(error)).put([asking, call])
            elif isinstance(error, MovedError):
                self._cluster.learn(error.slot_id, self._named(error))
                self._whole.node(self._named(error)).put([call])
            else:  # before Redis 7: all nodes hear of it
                call.command = ("PUBLISH", *call.command[1:])
                call.again = call.command
                self.put([call])
        except BrokerUnavailable as full:
            call.result.set_exception(full)

    def _named(self, error: AskError) -> Address:
        return Address(error.host or self._address.host, error.port)

    def _drop_connection(self, is_silent: bool = False) -> None:
        super()._drop_connection(is_silent)
        self._cluster.refresh_soon()


def _key(call: Call) -> Any:
    """The first key of a script, or the channel."""
    return call.command[3] if call.command[0] == "EVALSHA" else call.command[1]

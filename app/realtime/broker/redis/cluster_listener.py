"""Subscriptions in a Redis Cluster: one connection per node, each channel at the node that owns its slot."""

import logging
from collections.abc import Callable
from typing import Any

from gevent.event import Event
from redis.crc import key_slot
from redis.exceptions import MovedError, RedisError

from app.realtime.broker.base import BrokerUnavailable, Receiver
from app.realtime.broker.redis.cluster_slots import Cluster
from app.realtime.broker.redis.listener import CAUGHT_UP, Listener
from app.realtime.broker.redis.url import Address
from app.realtime.meters import Histogram

log = logging.getLogger(__name__)

ROADS = 500  # tried: enough for a hundred nodes that share the slots evenly
PLAIN = ("SUBSCRIBE", "UNSUBSCRIBE")
SHARDED = ("SSUBSCRIBE", "SUNSUBSCRIBE")  # Redis 7: other nodes hear nothing of it


class ClusterListener:
    """When slots move, their channels do; the receiver is told that it may have missed something."""

    def __init__(self, cluster: Cluster, before: bytes, after: bytes) -> None:
        self._cluster = cluster
        self._around = (before, after)
        self._receiver: Receiver
        self._nodes: dict[Address, _NodeListener] = {}
        self._homes: dict[bytes, Address | None] = {}
        self._mailboxes: dict[bytes, Callable[[bytes], None]] = {}
        self._round_trips = Histogram()

    @property
    def is_connected(self) -> bool:
        return bool(self._nodes) and all(node.is_connected for node in self._nodes.values())

    @property
    def silence(self) -> float:
        return max((node.silence for node in self._nodes.values()), default=0.0)

    @property
    def lag(self) -> float:
        return max((node.lag for node in self._nodes.values()), default=0.0)

    @property
    def round_trips(self) -> Histogram:
        return self._round_trips

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._cluster.on_refresh = self._settle
        self._cluster.start()

    def stop(self) -> None:
        self._cluster.on_refresh = None
        for node in self._nodes.values():
            node.stop()

    def hear(self, channel: bytes, deliver: Callable[[bytes], None]) -> None:
        self._mailboxes[channel] = deliver
        self._homes.setdefault(channel, None)
        self._cluster.refresh_soon()

    def subscribe(self, channel: bytes) -> None:
        address = self._homes.get(channel) or self._cluster.owner(channel)
        self._homes[channel] = address
        self._node(address).subscribe(channel)

    def unsubscribe(self, channel: bytes) -> None:
        address = self._homes.pop(channel, None)
        if address in self._nodes:
            self._nodes[address].unsubscribe(channel)

    def routes(self, topic: str) -> list[str]:
        """A topic for each node, found by counting."""
        before, after = self._around
        channels = (before + f"{topic}:{number}".encode() + after for number in range(ROADS))
        return [name[len(before) : -len(after)].decode() for name in self._cluster.spread(channels)]

    def has_passed(self, channel: bytes, moment: float) -> bool:
        home = self._homes.get(channel)
        return home in self._nodes and self._nodes[home].has_passed(channel, moment)

    def reconnect(self, channel: bytes) -> None:
        home = self._homes.get(channel)
        if home in self._nodes:
            self._nodes[home].reconnect(channel)

    def _node(self, address: Address, is_late: bool = False) -> "_NodeListener":
        node = self._nodes.get(address)
        if node is None:
            node = _NodeListener(self._cluster, address, self._around, is_late)
            self._nodes[address] = node
            node.mailboxes, node.round_trips = self._mailboxes, self._round_trips
            node.start(self._receiver)
        return node

    def _settle(self, has_moved: bool) -> None:
        """Brings every channel to the node that owns its slot now."""
        masters, is_late = self._cluster.masters, bool(self._nodes)
        for address in masters:
            self._node(address, is_late)
        homeless = [channel for channel, home in self._homes.items() if home not in masters]
        for channel in list(self._homes) if has_moved else homeless:
            self._move(channel)
        for address in set(self._nodes) - masters:
            self._nodes.pop(address).stop()
        for node in self._nodes.values():
            node.subscribe_lost()

    def _move(self, channel: bytes) -> None:
        try:
            owner = self._cluster.owner(channel)
        except BrokerUnavailable:
            return  # it stays where it is until a node owns its slot
        home = self._homes.get(channel, owner)  # it may be unsubscribed by now
        if owner == home:
            return
        if home in self._nodes:
            self._nodes[home].unsubscribe(channel)
        self._homes[channel] = owner
        self._node(owner, is_late=True).adopt(channel)


class _NodeListener(Listener):
    """The connection to one node. `is_late`: there were others before, whose events it may have missed."""

    def __init__(
        self, cluster: Cluster, address: Address, around: tuple[bytes, bytes], is_late: bool
    ) -> None:
        super().__init__(cluster.server(address), *around)
        self._cluster = cluster
        self._had_connection = is_late
        self._lost: set[bytes] = set()
        self._words = PLAIN

    def adopt(self, channel: bytes) -> None:
        self._channels.setdefault(channel, Event())
        self._lost.add(channel)

    def subscribe_lost(self) -> None:
        """Asks again for what the node refused or gave away, and has it caught up."""
        lost, self._lost = [channel for channel in self._lost if channel in self._channels], set()
        if lost and self._connection is not None:
            self._send(self._subscribe, lost)
            self._send(lambda connection, _: connection.send_command("PING", CAUGHT_UP), lost)

    def _greet(self, connection: Any) -> None:
        connection.send_command("COMMAND", "INFO", SHARDED[0])
        self._words = SHARDED if connection.read_response()[0] else PLAIN
        super()._greet(connection)

    def _subscribe(self, connection: Any, channels: list[bytes]) -> None:
        """Channels of one command would have to share a slot."""
        connection.send_packed_command(
            connection.pack_commands([(self._words[0], name) for name in channels])
        )

    def _unsubscribe(self, connection: Any, channels: list[bytes]) -> None:
        connection.send_packed_command(
            connection.pack_commands([(self._words[1], name) for name in channels])
        )

    def _read(self, connection: Any) -> Any:
        while True:
            try:
                answer = connection.read_response(disable_decoding=True)
            except MovedError as error:
                refused = [name for name in self._channels if key_slot(name) == error.slot_id]
                self._lose(refused)
                continue
            if answer[0] == b"sunsubscribe" and answer[1] in self._channels:
                self._lose([answer[1]])  # its slot went elsewhere
            return answer

    def _lose(self, channels: list[bytes]) -> None:
        for channel in channels:
            self._channels[channel].clear()
        self._lost.update(channels)
        self._cluster.refresh_soon()

    def _hang_up(self) -> None:
        super()._hang_up()
        self._cluster.refresh_soon()

    def _connect(self) -> None:
        try:
            super()._connect()
        except (RedisError, OSError):
            self._cluster.refresh_soon()
            raise

"""Which node of a Redis Cluster owns which slot (Redis Cluster specification), as a worker knows it."""

import logging
import random
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.event import Event
from redis.crc import key_slot
from redis.exceptions import RedisError

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.broker.redis.servers import DISCOVERY_SECONDS, StandaloneServer
from app.realtime.broker.redis.url import Address, RedisUrl

log = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
PAUSE_SECONDS = 0.1
KNOWN_SECONDS = 0.5


class Cluster:
    """Asks any node every REFRESH_SECONDS, and when something does not fit; then `on_refresh` is told
    whether slots have moved."""

    def __init__(self, url: RedisUrl) -> None:
        self._url = url
        self._owners: dict[int, Address] = {}
        self._epoch = 0
        self._known = Event()
        self._must_refresh = Event()
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._has_moved = False
        self.on_refresh: Callable[[bool], None] | None = None

    def start(self) -> None:
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._refresh_for_ever)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def server(self, address: Address) -> StandaloneServer:
        return StandaloneServer(self._url.server, address)

    @property
    def masters(self) -> set[Address]:
        return set(self._owners.values())

    def owner(self, key: bytes) -> Address:
        """Raises BrokerUnavailable while no node was reached, or where no node owns the key's slot."""
        if not self._known.is_set():
            self._known.wait(KNOWN_SECONDS)
        owner = self._owners.get(key_slot(key))
        if owner is None:
            raise BrokerUnavailable("no node of the Redis Cluster is known to own the slot")
        return owner

    def spread(self, keys: Iterable[bytes]) -> list[bytes]:
        """The first of the keys on each node, as far as they reach."""
        missing, found = self.masters, []
        for key in keys:
            if not missing:
                break
            owner = self._owners.get(key_slot(key))
            if owner in missing:
                missing.discard(owner)
                found.append(key)
        return found

    def learn(self, slot: int, owner: Address) -> None:
        """As a node has answered."""
        self._owners[slot], self._has_moved = owner, True
        self.refresh_soon()

    def refresh_soon(self) -> None:
        self._must_refresh.set()

    def _refresh_for_ever(self) -> None:
        while True:
            try:
                self._refresh()
            except Exception:
                log.exception("the slots of the Redis Cluster could not be read")
            gevent.sleep(PAUSE_SECONDS)  # a cluster in trouble is not asked at every failure
            self._must_refresh.wait(REFRESH_SECONDS)
            self._must_refresh.clear()

    def _refresh(self) -> None:
        nodes = list(self.masters)
        random.shuffle(nodes)
        latest: tuple[int, dict[int, Address]] | None = None
        for address in [*nodes, *self._url.addresses]:
            try:
                found = _ask(self.server(address), address)
            except (RedisError, OSError):
                continue
            if latest is None or found[0] > latest[0]:
                latest = found
            if found[0] >= self._epoch:
                break  # else it was cut off from the others, and missed an election
        if latest is not None:
            has_moved, self._has_moved = self._has_moved or latest[1] != self._owners, False
            self._epoch, self._owners = latest
            self._known.set()
            if self.on_refresh is not None:
                self.on_refresh(has_moved)


def _ask(server: StandaloneServer, address: Address) -> tuple[int, dict[int, Address]]:
    """The cluster's epoch, and the owner of each slot, as one node sees them."""
    connection = server.connect(DISCOVERY_SECONDS)
    try:
        connection.send_command("CLUSTER", "INFO")
        info = connection.read_response(disable_decoding=True)
        connection.send_command("CLUSTER", "SLOTS")
        ranges = connection.read_response(disable_decoding=True)
    finally:
        connection.disconnect()
    lines = dict(line.split(b":", 1) for line in info.split() if b":" in line)
    owners = {
        slot: _address(master, address)
        for first, last, master, *_ in ranges
        for slot in range(first, last + 1)
    }
    return int(lines[b"cluster_current_epoch"]), owners


def _address(node: list[Any], asked: Address) -> Address:
    """A node that does not know its own name has that by which it was asked."""
    return Address(node[0].decode() if node[0] else asked.host, node[1])

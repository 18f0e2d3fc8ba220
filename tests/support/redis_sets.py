"""Several Redis servers that belong together: a master with its replica and sentinels, and a cluster."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.support.process import free_port
from tests.support.services import RedisServer
from tests.support.wait import wait_until

SERVICE = "hub"
SLOTS = 16384
NO_DELAY = ("--repl-diskless-sync-delay", "0")
# Milliseconds after which a silent server counts as dead: servers must not leave each other where a machine
# stands still for a moment, unless one is meant to.
PATIENCE = 30_000
NO_PATIENCE = 1000


class Sentinel(RedisServer):
    """It keeps what it learns in a file."""

    def __init__(self, master_port: int, quorum: int) -> None:
        super().__init__()
        self._file = Path(tempfile.mkdtemp(prefix="hub-sentinel-")) / "sentinel.conf"
        self._file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self._file.parent}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {master_port} {quorum}\n"
            f"sentinel down-after-milliseconds {SERVICE} {PATIENCE}\n"
            f"sentinel failover-timeout {SERVICE} 3000\n"
        )

    def argv(self, binary: str) -> list[str]:
        return [binary, str(self._file), "--sentinel"]

    def close(self) -> None:
        super().close()
        for path in (self._file, self._file.parent):
            path.unlink() if path.is_file() else path.rmdir()


class SentinelSet:
    """A master, a replica and sentinels, which all know each other once it is started."""

    def __init__(self, sentinels: int = 3) -> None:
        self.master = RedisServer(*NO_DELAY)
        # Promoted without a wait for a first snapshot of others.
        self.replica = RedisServer("--replicaof", f"127.0.0.1 {self.master.port}", *NO_DELAY)
        self.sentinels = [Sentinel(self.master.port, sentinels // 2 + 1) for _ in range(sentinels)]
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        self.url = f"redis+sentinel://{hosts}/{SERVICE}/0"

    def start(self) -> SentinelSet:
        for server in (self.master, self.replica):
            server.start()
        self.wait_replicated()
        for sentinel in self.sentinels:
            sentinel.start()
        wait_until(self._know_each_other, 20, "the sentinels to know each other and the replica")
        return self

    def close(self) -> None:
        for server in (*self.sentinels, self.replica, self.master):
            server.close()

    def stop_master(self) -> None:
        self.lose_patience()
        self.master.stop()

    def lose_patience(self) -> None:
        """From here on a silent master is replaced soon."""
        for sentinel in self.sentinels:
            with sentinel.client() as client:
                client.sentinel_set(SERVICE, "down-after-milliseconds", NO_PATIENCE)

    def wait_replicated(self) -> None:
        wait_replicated(self.master)

    def stop_replicating(self) -> None:
        """What the master is told from here on, it alone knows (until sentinels mend it, after 8 s)."""
        with self.replica.client() as client:
            client.replicaof("127.0.0.1", str(free_port()))

    def wait_promoted(self) -> None:
        def is_promoted() -> bool:
            try:
                with self.replica.client() as client:
                    return bool(client.info("replication")["role"] == "master")
            except RedisError:  # who is promoted hangs up on its clients
                return False

        wait_until(is_promoted, 20, "the replica to be the master")

    def _know_each_other(self) -> bool:
        return all(_others(sentinel) == (1, len(self.sentinels) - 1) for sentinel in self.sentinels)


def wait_replicated(master: RedisServer) -> None:
    """Until its replica has all that it has now; more may come all the time."""
    with master.client() as client:
        now = client.info("replication")["master_repl_offset"]

        def is_there() -> bool:
            replica = client.info("replication").get("slave0")
            return replica is not None and replica["state"] == "online" and replica["offset"] >= now

        wait_until(is_there, 20, "the replica to be in step")


def _others(sentinel: Sentinel) -> tuple[int, int]:
    """The replicas and the other sentinels that it knows."""
    with sentinel.client() as client:
        state = client.sentinel_master(SERVICE)
    return int(state["num-slaves"]), int(state["num-other-sentinels"])


class ClusterSet:
    """Three masters, each with a third of the slots; with `replica` the first one has a replica."""

    def __init__(self, *options: str, replica: bool = False) -> None:
        options = ("--cluster-node-timeout", str(PATIENCE), *options)
        self.masters = [_cluster_node(*options) for _ in range(3)]
        self.replica = _cluster_node(*options) if replica else None
        self.url = f"redis+cluster://127.0.0.1:{self.masters[0].port},127.0.0.1:{self.masters[1].port}"

    @property
    def nodes(self) -> list[RedisServer]:
        return [*self.masters, self.replica] if self.replica is not None else self.masters

    def start(self) -> ClusterSet:
        for number, node in enumerate(self.nodes):
            node.start()
            with node.client() as client:
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
                for other in self.nodes[:number]:
                    client.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port, bus_port(other))
        for number, node in enumerate(self.masters):
            with node.client() as client:
                first, last = number * SLOTS // 3, (number + 1) * SLOTS // 3 - 1
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
        wait_until(lambda: all(_is_ok(node, len(self.nodes)) for node in self.nodes), 20, "the cluster")
        if self.replica is not None:
            self._replicate(self.replica)
        return self

    def _replicate(self, replica: RedisServer) -> None:
        with replica.client() as client:
            client.execute_command("CLUSTER", "REPLICATE", self.id(self.masters[0]))
            wait_until(lambda: client.info("replication").get("master_link_status") == "up", 20, "a replica")

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    def stop_first_master(self) -> None:
        """It has a replica, which has all that it had, and takes over soon."""
        wait_replicated(self.masters[0])
        for node in self.nodes:
            with node.client() as client:
                client.config_set("cluster-node-timeout", NO_PATIENCE)
        self.masters[0].stop()

    def id(self, node: RedisServer) -> str:
        with node.client() as client:
            return _text(client.execute_command("CLUSTER", "MYID"))

    def owner(self, key: str) -> RedisServer:
        slot = key_slot(key.encode())
        return self.masters[slot * 3 // SLOTS]

    def begin_migration(self, key: str, target: RedisServer) -> int:
        """The slot of the key is on its way from its owner; returns the slot."""
        source, slot = self.owner(key), key_slot(key.encode())
        for node, state, other in ((target, "IMPORTING", source), (source, "MIGRATING", target)):
            with node.client() as client:
                client.execute_command("CLUSTER", "SETSLOT", slot, state, self.id(other))
        return slot

    def finish_migration(self, key: str, target: RedisServer) -> None:
        source, slot = self.owner(key), key_slot(key.encode())
        with source.client() as client:
            keys = client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100)
            if keys:
                client.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        for node in (target, source):
            with node.client() as client:
                client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", self.id(target))


def _cluster_node(*options: str) -> RedisServer:
    # The usual bus port would lie where the kernel takes ports for clients.
    cluster = ("--cluster-enabled", "yes", *NO_DELAY)
    return RedisServer(*cluster, "--cluster-port", str(free_port()), *options)


def bus_port(node: RedisServer) -> int:
    with node.client() as client:
        return int(client.config_get("cluster-port")["cluster-port"])


def _is_ok(node: RedisServer, count: int) -> bool:
    with node.client() as client:
        info = _text(client.execute_command("CLUSTER", "INFO"))
    return "cluster_state:ok" in info and f"cluster_known_nodes:{count}" in info


def _text(answer: Any) -> str:
    """As text, or as redis-py read it, whichever a release makes of it."""
    if isinstance(answer, dict):
        return "\n".join(f"{name}:{value}" for name, value in answer.items())
    return answer.decode() if isinstance(answer, bytes) else str(answer)

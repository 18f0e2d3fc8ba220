"""Several Redis servers that belong together: a master with its replica and sentinels, and a cluster."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.support.process import free_port
from tests.support.services import RedisServer
from tests.support.wait import wait_until

SERVICE = "hub"


class Sentinel(RedisServer):
    """It keeps what it learns in a file, and takes a server for dead after half a second."""

    def __init__(self, master_port: int, quorum: int) -> None:
        super().__init__()
        self._file = Path(tempfile.mkdtemp(prefix="hub-sentinel-")) / "sentinel.conf"
        self._file.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self._file.parent}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {master_port} {quorum}\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\n"
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
        self.master = RedisServer("--repl-diskless-sync-delay", "0")
        # Promoted without a wait for a first snapshot of others.
        self.replica = RedisServer(
            "--replicaof", f"127.0.0.1 {self.master.port}", "--repl-diskless-sync-delay", "0"
        )
        self.sentinels = [Sentinel(self.master.port, sentinels // 2 + 1) for _ in range(sentinels)]
        hosts = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        self.url = f"redis+sentinel://{hosts}/{SERVICE}/0"

    def start(self) -> SentinelSet:
        for server in (self.master, self.replica):
            server.start()
        wait_until(self.is_replicated, 20, "the replica to be in step")
        for sentinel in self.sentinels:
            sentinel.start()
        wait_until(self._know_each_other, 20, "the sentinels to know each other and the replica")
        return self

    def close(self) -> None:
        for server in (*self.sentinels, self.replica, self.master):
            server.close()

    def is_replicated(self) -> bool:
        """Whether the replica has everything."""
        with self.master.client() as client:
            info = client.info("replication")
            replica = info.get("slave0")
            return (
                replica is not None
                and replica["state"] == "online"
                and replica["offset"] == info["master_repl_offset"]
            )

    def stop_replicating(self) -> None:
        """What the master is told from here on, it alone knows (until sentinels mend it, after 8 s)."""
        with self.replica.client() as client:
            client.replicaof("127.0.0.1", str(free_port()))

    def wait_promoted(self) -> None:
        def is_promoted() -> bool:
            with self.replica.client() as client:
                return bool(client.info("replication")["role"] == "master")

        wait_until(is_promoted, 20, "the replica to be the master")

    def _know_each_other(self) -> bool:
        return all(_others(sentinel) == (1, len(self.sentinels) - 1) for sentinel in self.sentinels)


def _others(sentinel: Sentinel) -> tuple[int, int]:
    """The replicas and the other sentinels that it knows."""
    with sentinel.client() as client:
        state = client.sentinel_master(SERVICE)
    return int(state["num-slaves"]), int(state["num-other-sentinels"])

"""Which process holds which TCP connection of a loopback server, as the kernel tells in /proc."""

from __future__ import annotations

from pathlib import Path

_ESTABLISHED = "01"


def client_ports(server_port: int, pid: int) -> set[int]:
    """The ports of the clients that have connections to `server_port` which this process holds.

    A connection that the client has closed is CLOSE_WAIT, no longer established, so it does not count.
    """
    inodes = _established(server_port)
    held = _socket_inodes(pid)
    return {port for inode, port in inodes.items() if inode in held}


def held_connections(server_port: int, pid: int) -> set[int]:
    """The same, with those that the client has left already: who has not noticed still holds them."""
    held = _socket_inodes(pid)
    return {port for inode, port in _connections(server_port, None).items() if inode in held}


def _established(server_port: int) -> dict[str, int]:
    return _connections(server_port, _ESTABLISHED)


def _connections(server_port: int, state: str | None) -> dict[str, int]:
    """inode → client port, of the server's ends."""
    found: dict[str, int] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            words = line.split()
            local, remote = (int(address.rpartition(":")[2], 16) for address in words[1:3])
            if local == server_port and remote and (state is None or words[3] == state):
                found[words[9]] = remote
    return found


def _socket_inodes(pid: int) -> set[str]:
    inodes = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(entry.readlink())
            except FileNotFoundError:
                continue  # closed meanwhile
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    except FileNotFoundError:
        pass  # the process has ended: it holds nothing
    return inodes

"""`python -m deploy.machine up` and `down`: what scripts/up and scripts/down call."""

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.machine.daemon import Failed
from deploy.machine.programs import install_missing
from deploy.machine.services import SERVICES, STOP_ORDER
from deploy.machine.state import ROOT, State

READY = """
The hub answers on {url} and everything it needs runs on this machine. Try it:

  curl --cacert {folder}/tls/certificate.pem {url}/health/ready
  curl --cacert {folder}/tls/certificate.pem {url}/register -H 'Content-Type: application/json' \\
    -d '{{"name": "ann", "email": "ann@example.org", "password": "open sesame"}}'

docs/guides/constellations.md has a whole life in curl lines. Settings: {folder}/hub.env (they count from the
next `make down && make up` on). Logs: {folder}/log. `make down` stops everything and keeps the data.
"""


def main() -> None:
    arguments = _parse()
    state = State(arguments.state.resolve())
    try:
        if arguments.command == "up":
            up(state, arguments.https)
        else:
            down(state)
    except Failed as failure:
        sys.exit(str(failure))


def up(state: State, https: int | None) -> None:
    """Starts the services that do not run, and waits until the hub answers through nginx."""
    install_missing()
    state.make()
    with _alone(state):
        ports = state.ports(https)
        for kind in SERVICES:
            service = kind(state, ports)
            is_new = service.up()
            print(f"{service.name} {'started' if is_new else 'runs already'}", flush=True)
        if not service.is_ready():
            raise Failed(
                "nginx runs, but the hub does not answer through it; `make down && make up` may help."
            )
    print(READY.format(url=f"https://127.0.0.1:{ports['https']}", folder=state.folder))


def down(state: State) -> None:
    """Stops the services that `up` started."""
    if not state.folder.exists():
        return
    with _alone(state):
        for kind in STOP_ORDER:
            service = kind(state, {})
            if service.down():
                print(f"{service.name} stopped", flush=True)


@contextmanager
def _alone(state: State) -> Iterator[None]:
    """One command at a time."""
    with (state.folder / "run/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _parse() -> argparse.Namespace:
    # As root, PostgreSQL and nginx's workers run as other users, which can't enter root's home.
    folder = Path("/var/lib/hub-up") if os.geteuid() == 0 else ROOT / "instance/up"
    parser = argparse.ArgumentParser(description="The whole hub on this machine, without containers.")
    parser.add_argument("command", choices=("up", "down"))
    parser.add_argument("--state", type=Path, default=folder, help=f"folder for everything ({folder})")
    parser.add_argument("--https", type=int, help="port on 127.0.0.1 (8443 at first, then the last one)")
    return parser.parse_args()


if __name__ == "__main__":
    main()

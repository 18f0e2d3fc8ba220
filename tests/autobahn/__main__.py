"""Autobahn's fuzzing client against the echo application, over either transport: `make autobahn`.

Fails if a case failed. With `--write` it writes the result into docs/reports/autobahn.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.autobahn.report import Case, failed, read_cases, summary, write_page
from tests.support.hub import HubProcess

ROOT = Path(__file__).resolve().parents[2]
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
SECONDS = 600
TRANSPORTS = {"epoll": "poller", "greenlet": "generator"}
# The cases of group 9 send 16 MB in one message, and some a hundred thousand frames.
ROOM = {
    "MAX_FRAME_BYTES": str(17 * 1024 * 1024),
    "SUBSCRIBER_BUFFER_BYTES": str(64 * 1024 * 1024),
    "WS_RATE": "1000000/second",
}


def run(cache: Path) -> dict[str, list[Case]]:
    """The outcome of every case by transport."""
    with tempfile.TemporaryDirectory() as directory:
        hubs = {
            transport: HubProcess(
                Path(directory) / transport,
                application="tests.support.echo_app:app",
                STREAM_WRITER=writer,
                **ROOM,
            )
            for transport, writer in TRANSPORTS.items()
        }
        try:
            for hub in hubs.values():
                hub.start()
            return fuzz(cache, Path(directory), {transport: hub.port for transport, hub in hubs.items()})
        finally:
            for hub in hubs.values():
                hub.stop()


def fuzz(cache: Path, directory: Path, ports: dict[str, int]) -> dict[str, list[Case]]:
    servers = [
        {"agent": transport, "url": f"ws://127.0.0.1:{port}/echo"} for transport, port in ports.items()
    ]
    specification = {"outdir": str(directory / "reports"), "servers": servers, "cases": CASES}
    path = directory / "fuzzingclient.json"
    path.write_text(json.dumps(specification | {"exclude-cases": [], "exclude-agent-cases": {}}))
    argv = [str(cache / "env/bin/wstest"), "-m", "fuzzingclient", "-s", str(path)]
    with (cache / "fuzzingclient.log").open("wb") as log:
        subprocess.run(argv, stdout=log, stderr=log, timeout=SECONDS, check=True)
    found = read_cases(directory / "reports/index.json")
    return {transport: found[transport] for transport in ports}


def versions(cache: Path) -> str:
    code = "import autobahntestsuite, autobahn; print(autobahntestsuite.version + ' ' + autobahn.version)"
    output = subprocess.check_output([str(cache / "env/bin/python"), "-c", code], text=True)
    suite, library = output.split()
    return f"autobahntestsuite {suite} (autobahn {library}, Python 2.7)"


def main() -> str | None:
    parser = argparse.ArgumentParser(prog="make autobahn", description=__doc__)
    parser.add_argument("cache", type=Path, help="where scripts/autobahn installed it")
    parser.add_argument("--write", action="store_true", help="write the result into docs/reports/autobahn.md")
    arguments = parser.parse_args()
    cases = run(arguments.cache.resolve())
    print(summary(cases))
    if arguments.write:
        write_page(ROOT / "docs/reports/autobahn.md", versions(arguments.cache.resolve()), cases)
    wrong = failed(cases)
    return f"failed: {', '.join(wrong)}" if wrong else None


if __name__ == "__main__":
    sys.exit(main())

"""The tables of docs/reports/clients.md; `python -m tests.clients.table` writes them anew."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.metadata import version

from tests.clients.client import DRIVERS, SOCKETS, STREAMS, Client
from tests.clients.defects import DEFECTS
from tests.clients.matrix import BEHAVIOURS, SOCKET_BEHAVIOURS, Behaviour
from tests.support.console import find_chromium
from tests.support.hub import ROOT

PAGE = ROOT / "docs/reports/clients.md"
PART = re.compile(r"(?<=<!-- matrix -->\n).*?(?=<!-- /matrix -->)", re.DOTALL)
# Of the system's own there are many.
ANY_VERSION = re.compile(r"(Chromium \w+|curl) [\d.]+")


def render() -> str:
    whys = list(dict.fromkeys(defect.why for defect in DEFECTS.values()))
    parts = [
        "## Event streams\n",
        _table(STREAMS, BEHAVIOURS, whys),
        *(f"{number}. {why}" for number, why in enumerate(whys, 1)),
        "\n## WebSockets\n",
        _table(SOCKETS, SOCKET_BEHAVIOURS, whys),
    ]
    return "\n".join(parts)


def _table(clients: list[Client], behaviours: list[Behaviour], whys: list[str]) -> str:
    rows = [
        ["", *(f"{client.name} {_version(client)}".strip() for client in clients)],
        ["---"] * (len(clients) + 1),
        ["from", *(client.origin for client in clients)],
    ]
    if not all(client.comes_back for client in clients):
        rows.append(["comes back", *("itself" if client.comes_back else "by hand" for client in clients)])
    for behaviour in behaviours:
        cells = [_cell(client, behaviour, whys) for client in clients]
        rows.append([f"**{behaviour.title}**: {behaviour.what}", *cells])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(client: Client, behaviour: Behaviour, whys: list[str]) -> str:
    defect = DEFECTS.get((client.name, behaviour.title))
    return "yes" if defect is None else f"**no** ({whys.index(defect.why) + 1})"


def _version(client: Client) -> str:
    if client.origin == "npm":
        pinned: str = json.loads((DRIVERS.parent / "package.json").read_text())["dependencies"][client.name]
        return pinned
    if client.origin == "PyPI":
        return version(client.name)
    program = shutil.which("curl") if client.name == "curl" else find_chromium()
    if program is None:
        return ""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    found = re.search(r"\d+\.\d+", said.stdout)
    return found[0] if found else ""


def agrees(page: str) -> bool:
    found = PART.search(page)
    return found is not None and ANY_VERSION.sub(r"\1", found[0]) == ANY_VERSION.sub(r"\1", render())


if __name__ == "__main__":
    PAGE.write_text(PART.sub(lambda _: render(), PAGE.read_text()))

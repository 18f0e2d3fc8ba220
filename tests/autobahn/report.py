"""The outcome of Autobahn's cases, as tables."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

GROUPS = {
    "1": "framing",
    "2": "pings and pongs",
    "3": "reserved bits",
    "4": "opcodes",
    "5": "fragmentation",
    "6": "UTF-8",
    "7": "close handshake",
    "9": "limits, performance",
    "10": "automatic fragmentation",
}
KINDS = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED")


class Case(NamedTuple):
    """`kind`: the worse one of the verdicts on the case and on its closing."""

    number: str
    kind: str

    @property
    def group(self) -> str:
        return self.number.partition(".")[0]


def read_cases(index: Path) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for agent, cases in json.loads(index.read_text()).items():
        found[agent] = [
            Case(number, worse(outcome["behavior"], outcome["behaviorClose"]))
            for number, outcome in cases.items()
        ]
    return found


def worse(*kinds: str) -> str:
    """An unknown kind (a wrong code, an unclean end) counts as failed."""
    return max((kind if kind in KINDS else "FAILED" for kind in kinds), key=KINDS.index)


def failed(cases: dict[str, list[Case]]) -> list[str]:
    """Missing cases count as failed too: the run broke off before them."""
    wrong = [f"{agent} {case.number}" for agent, found in cases.items() for case in found if is_wrong(case)]
    return wrong + [
        f"{agent} group {group}"
        for agent, found in cases.items()
        for group in GROUPS.keys() - {case.group for case in found}
    ]


def is_wrong(case: Case) -> bool:
    return case.kind in ("FAILED", "UNIMPLEMENTED")


def summary(cases: dict[str, list[Case]]) -> str:
    lines = []
    for agent, found in cases.items():
        counts = Counter(case.kind for case in found)
        told = ", ".join(f"{counts[kind]} {kind.lower()}" for kind in KINDS if counts[kind])
        lines.append(f"Autobahn, {agent}: {len(found)} cases, {told}")
    return "\n".join(lines)


def write_page(path: Path, versions: str, cases: dict[str, list[Case]]) -> None:
    parts = [
        "# Autobahn's test suite",
        "",
        "The result of `make autobahn`; `make autobahn AUTOBAHN_ARGS=--write` writes this page.",
        f"The fuzzing client of {versions} runs against",
        "an echo made of the hub's own socket code, over both of its transports (`app/realtime/sockets/`:",
        "epoll and greenlet).",
        "Cases 12 and 13 (compression) are left out: the hub negotiates none.",
        "",
    ]
    for agent, found in cases.items():
        parts += [f"## {agent.capitalize()}", "", *table(found), ""]
    parts += [
        "Informational cases (close frames followed by a message, codes from 5000 on) have no right",
        "answer in RFC 6455; Autobahn only records the server's behaviour.",
        "",
    ]
    path.write_text("\n".join(parts))


def table(cases: list[Case]) -> list[str]:
    rows = ["| cases | about | run | ok | non-strict | informational | failed |", "|---" * 7 + "|"]
    for group, about in GROUPS.items():
        rows.append(row(f"{group}.\\*", about, [case for case in cases if case.group == group]))
    return [*rows, row("all", "", cases)]


def row(number: str, about: str, cases: list[Case]) -> str:
    counts = Counter(case.kind for case in cases)
    wrong = sum(is_wrong(case) for case in cases)
    cells = [len(cases), *(counts[kind] for kind in KINDS[:3]), wrong]
    return f"| {number} | {about} | {' | '.join(map(str, cells))} |"

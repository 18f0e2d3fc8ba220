"""Combines the answers of several workers. Pure."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from app.realtime.workers.survey import Answers

Json = dict[str, Any]

SUMS = ("memory", "streams", "sockets", "topics", "published", "delivered", "outbox")


def completeness(answers: Answers) -> Json:
    """Whether answers of workers are missing, and the ids of the silent workers that are known."""
    return {"partial": not answers.is_whole, "silent": answers.silent}


def stats(found: list[Json]) -> Json:
    """The workers and their sums; the lag is that of the worst worker."""
    workers = sorted((it["worker"] for it in found), key=lambda it: (it["host"], it["pid"]))
    totals: Json = {name: sum(it[name] or 0 for it in workers) for name in SUMS}
    totals["frames"] = {way: sum(it["frames"][way] for it in workers) for way in ("in", "out")}
    totals["lag"] = max((it["lag"] for it in workers), default=0)
    kinds = ("streams_by_kind", "stream_ends", "socket_ends")
    return {"workers": workers, "totals": totals} | {kind: add(it[kind] for it in found) for kind in kinds}


def connections(found: list[Json], most: int) -> Json:
    """The first `most` connections by name; `next` is the next `after`, null at the end."""
    found_connections = sorted(
        (one for it in found for one in it["connections"]), key=lambda one: one["name"]
    )
    shown = found_connections[:most]
    return {
        "connections": shown,
        "total": sum(it["total"] for it in found),
        "next": shown[-1]["name"] if len(found_connections) > most else None,
        "streams_by_kind": add(it["streams_by_kind"] for it in found),
    }


def topics(found: list[Json], sort: str, most: int) -> Json:
    """The first `most` of the counted topics. Subscribers add up; each worker knows the number of all
    events."""
    rows: dict[str, Json] = {}
    for counts in found:
        for name, (subscribers, events) in counts.items():
            row = rows.setdefault(name, {"topic": name, "subscribers": 0, "events": 0, "workers": 0})
            row["subscribers"] += subscribers
            row["events"] = max(row["events"], events)
            row["workers"] += 1
    return {"topics": sorted(rows.values(), key=lambda row: (-row[sort], row["topic"]))[:most]}


def add(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))

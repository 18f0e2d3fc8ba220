"""Checks the running hub: is it ready, and how far do its workers lag behind the broker."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from flask import current_app

from app.cli import credentials
from app.cli.doctor.findings import Finding, fine, judged, odd, wrong
from app.cli.doctor.runtime import FEW_FILES
from app.cli.remote import HubClient, HubRefused, HubUnreachable
from app.cli.terminal import amount, duration, plain
from app.ops.open_files import RESERVE

LATE_SECONDS, FAR_SECONDS = 1.0, 0.1
MANY = 0.9


def check(hub: HubClient) -> Iterator[Finding]:
    try:
        hub.call("GET", "/health/ready")
    except HubUnreachable:
        yield odd(
            "ready", f"nothing answers at {hub.url}", "Start it with `make run`, or name it with --url."
        )
        return
    except HubRefused as refused:
        advice = "What it says above is wrong in the process that runs; its log tells more."
        yield wrong("ready", f"{hub.url} answers {refused.status}: {refused.message}", advice)
        return
    yield fine("ready", f"{hub.url} answers, and every part of it works")
    if credentials.find_operator() is None:
        advice = "`flask --app wsgi user admin NAME` makes an operator, as whom its workers can be asked."
        yield odd("workers", "not asked: no account is an operator", advice)
        return
    try:
        found = hub.call("GET", "/api/ops/stats", credentials.operator())
    except click.ClickException as error:
        advice = "Run this with the settings of the hub that runs: JWT_SECRET_KEY and DATABASE_URL."
        yield wrong("workers", plain(error.message), advice)
        return
    yield from _workers(found)


def _workers(found: dict[str, Any]) -> Iterator[Finding]:
    totals, workers = found["totals"], found["workers"]
    seen = f"{len(workers)} answer, {totals['streams']:,} streams, {totals['sockets']:,} sockets"
    advice = "Those that are silent are overloaded or cut off from the broker: see their logs."
    yield judged("workers", seen, advice, found["partial"])
    lag = f"at worst {duration(totals['lag'])} behind the broker"
    if totals["lag"] > LATE_SECONDS:
        yield wrong(
            "lag", lag, "The workers or Redis are overloaded: see `stats --watch` and docs/operate/sizing.md."
        )
    else:
        advice = "Look on with `stats --watch`; docs/operate/sizing.md says what it takes."
        yield judged("lag", lag, advice, totals["lag"] > FAR_SECONDS)
    if totals["outbox"]:
        yield odd("outbox", f"{totals['outbox']} events wait", "The broker is or was away: they follow soon.")
    most = current_app.config["MAX_STREAMS"]
    if any(it["streams"] > most * MANY for it in workers):
        yield odd("streams", f"a worker has nearly {most:,}", "More workers, or a higher MAX_STREAMS.")
    yield from _files(workers)


def _files(workers: list[dict[str, Any]]) -> Iterator[Finding]:
    """The limit on open files of the workers on this machine, which may differ from this shell's."""
    limits = [_limit(it["pid"]) for it in workers if it["host"] == socket.gethostname()]
    least = min((it for it in limits if it is not None), default=None)
    if least is not None:
        config = current_app.config
        wanted = config["MAX_STREAMS"] + config["MAX_SOCKETS"] + RESERVE
        is_few = least < (wanted if config["IS_PRODUCTION"] else FEW_FILES)
        advice = f"Raise it to {wanted} (LimitNOFILE= in the unit): until then the hub takes fewer streams."
        yield judged("files", f"a worker may have {least:,} open", advice, is_few)
    memory = sum(it["memory"] or 0 for it in workers)
    yield fine("memory", f"{amount(memory)} in all workers")


def _limit(pid: int) -> int | None:
    """The soft limit on open files (proc(5)); None where it can't be read."""
    try:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:
        return None
    soft = next((line.split()[3] for line in lines if line.startswith("Max open files")), "")
    return int(soft) if soft.isdigit() else None

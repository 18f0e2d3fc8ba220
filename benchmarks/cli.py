"""The command line: what to measure, and in which shapes to show it."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import QUICK, Bench, Sizes, say
from benchmarks.harness import machine
from benchmarks.harness.install import Missing, compiled
from benchmarks.harness.machine import Machine
from benchmarks.plan import carry_out, plan, prepare
from benchmarks.report import plot
from benchmarks.report.as_json import as_json, from_json
from benchmarks.report.book import Book
from benchmarks.report.tables import remarks, tables
from benchmarks.rivals import SERVERS

MINUTES = 14
INTERRUPTED = 130  # as a shell tells it


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.read:
        book, sizes, described = from_json(json.loads(options.read.read_text()))
        _show(options, book, sizes, described)
        return 0
    if options.no_install:
        os.environ["BENCH_INSTALL"] = "0"
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped on the way out
    machine.raise_file_limit()
    described = machine.describe()
    try:
        compiled("load")
    except Missing as missing:
        say(f"the load client can't be compiled: {missing}")
        return 2
    bench = _measured(QUICK if options.quick else Sizes(), options.only, options.minutes)
    _show(options, bench.book, bench.sizes, described)
    return INTERRUPTED if bench.is_interrupted else 0


def _show(options: argparse.Namespace, book: Book, sizes: Sizes, described: Machine) -> None:
    parts = [table.as_markdown() if options.markdown else table.as_text() for table in tables(book, sizes)]
    notes = [f"{'- ' if options.markdown else ''}{note}" for note in remarks(book)]
    print("\n\n".join([described.sentence(), *parts, *(["\n".join(notes)] if notes else [])]))
    if options.json:
        options.json.write_text(json.dumps(as_json(book, sizes, described), indent=2) + "\n")
    if options.plot:
        options.plot.write_text(plot.svg(book, sizes))


def _measured(sizes: Sizes, only: Sequence[str], minutes: float) -> Bench:
    """A bench whose book is filled; as far as it came when Ctrl-C is pressed."""
    bench = Bench(sizes, machine.choose_cores(), time.monotonic() + 60 * minutes)
    try:
        prepare(bench, only)
        bench.deadline = time.monotonic() + 60 * minutes  # installing, in a first run, comes on top
        machine.pin(bench.cores.client)
        carry_out(bench, plan(bench, only))
    except KeyboardInterrupt:
        say("interrupted: what was measured until here")
        bench.book.note("interrupted before the end")
        bench.is_interrupted = True
    return bench


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", type=_servers, default=list(SERVERS), help=f"of {','.join(SERVERS)}")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter, to try; rough figures")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="no step begins later (%(default)s)")
    parser.add_argument("--markdown", action="store_true", help="tables as Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every sample, and the goals")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="cost against subscribers")
    parser.add_argument("--read", type=Path, metavar="FILE", help="show an earlier run's --json again")
    parser.add_argument("--no-install", action="store_true", help="measure only what is there already")
    return parser


def _servers(text: str) -> list[str]:
    keys = [key.strip() for key in text.split(",") if key.strip()]
    if unknown := [key for key in keys if key not in SERVERS]:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(SERVERS)}")
    return keys

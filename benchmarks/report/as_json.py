"""The whole run as JSON: every sample, not only the medians."""

from dataclasses import asdict
from typing import Any

from benchmarks.bench import Sizes
from benchmarks.harness.machine import Machine
from benchmarks.report.book import Book
from benchmarks.report.goals import GOALS


def as_json(book: Book, sizes: Sizes, machine: Machine) -> dict[str, object]:
    return {
        "machine": machine.as_dict(),
        "sizes": asdict(sizes),
        "samples": book.samples,
        "absent": book.absent,
        "notes": book.notes,
        "others": book.others,
        "goals": [_goal(book, sizes, number) for number in range(len(GOALS))],
    }


def from_json(run: dict[str, Any]) -> tuple[Book, Sizes, Machine]:
    """What `as_json` wrote down of a run."""
    book = Book(run["samples"], run["absent"], run["notes"], run["others"])
    sizes = Sizes(**{**run["sizes"], "growth": tuple(run["sizes"]["growth"])})
    return book, sizes, Machine(**run["machine"])


def _goal(book: Book, sizes: Sizes, number: int) -> dict[str, object]:
    goal = GOALS[number]
    figure = goal.figure(book, sizes)
    return {
        "what": goal.what,
        "figure": figure,
        "limit": goal.limit,
        "unit": goal.unit,
        "is_met": None if figure is None else goal.is_met(figure),
    }

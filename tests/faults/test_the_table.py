"""docs/reports/faults.md tells of every fault that is tested, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import table
from tests.faults.table import Outcome


def test_every_marked_test_has_its_row() -> None:
    assert list(table.rows()) == list(table.marked_tests())


def test_every_fault_is_tested() -> None:
    assert set(table.marked_tests().values()) == set(table.FAULTS)


def test_every_row_tells_all_parts() -> None:
    for test, row in table.rows().items():
        cells = [cell.strip() for cell in row.strip("|\n").split("|")]
        assert (len(cells), cells[0], "" in cells) == (6, table.marked_tests()[test], False), row


def test_an_outcome_with_a_gap_is_refused() -> None:
    outcome = Outcome()
    for tell in (outcome.clients, outcome.ready, outcome.metrics):
        tell("something")
    with pytest.raises(AssertionError, match="does not tell: kept"):
        outcome.row(table.FAULTS[0], "test_it")


def test_writing_keeps_the_order_and_the_other_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = tmp_path / "faults.md"
    page.write_text(
        f"before\n{table.BEGIN}{table.HEAD}| old | `test_b` |\n| old | `test_gone` |\n{table.END}\nafter\n"
    )
    monkeypatch.setattr(table, "PAGE", page)
    monkeypatch.setattr(table, "marked_tests", lambda: {"test_a": "", "test_b": "", "test_c": ""})
    table.write({"test_c": "| new | `test_c` |\n", "test_a": "| new | `test_a` |\n"})
    assert list(table.rows()) == ["test_a", "test_b", "test_c"]
    assert page.read_text().startswith("before\n") and page.read_text().endswith(f"{table.END}\nafter\n")

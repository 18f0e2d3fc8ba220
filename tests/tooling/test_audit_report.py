"""What `make audit` makes of pip-audit's reports."""

import json
from typing import Any

import pytest

from scripts.audit import verdict

GOOD: dict[str, Any] = {"name": "flask", "version": "3.1.3", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2021-66", "aliases": ["CVE-2020-28493"], "fix_versions": ["2.11.3"]}],
}
SKIPPED = {"name": "alembic", "skip_reason": "Dependency not found on PyPI"}


def judge(*dependencies: dict[str, Any]) -> tuple[int, list[str]]:
    return verdict(json.dumps({"dependencies": dependencies, "fixes": []}), "")


def test_nothing_found() -> None:
    assert judge(GOOD, GOOD) == (0, ["2 packages audited, 0 known vulnerabilities"])


def test_a_vulnerability_fails() -> None:
    code, lines = judge(GOOD, BAD, SKIPPED)
    assert code == 1
    assert lines == [
        "not audited: alembic: Dependency not found on PyPI",
        "jinja2 2.4.1: PYSEC-2021-66, CVE-2020-28493; fixed in 2.11.3",
        "2 packages audited, 1 known vulnerabilities",
    ]


@pytest.mark.parametrize("dependencies", [[], [SKIPPED], [SKIPPED, SKIPPED]])
def test_a_report_of_nothing_is_no_all_clear(dependencies: list[dict[str, Any]]) -> None:
    code, lines = judge(*dependencies)
    assert (code, "NOT audited" in lines[0]) == (0, True)


def test_no_report() -> None:
    code, lines = verdict("", "Traceback …\nConnectionError: no route to host\n")
    assert (code, lines[0].endswith("ConnectionError: no route to host")) == (0, True)
    assert "NOT audited" in lines[0]

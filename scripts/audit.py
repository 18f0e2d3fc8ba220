"""`make audit`: looks for known vulnerabilities in the pinned packages, with pip-audit and PyPI's database.

Ends with 1 if there are any. Without the database or pip-audit it says so and ends with 0, so that the checks
also run on a machine without a network. Arguments go to pip-audit.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOOL = ROOT / ".cache/audit"
AUDITED = ("requirements.txt", "requirements-fast.txt", "requirements-dev.txt")
# All packages and their dependencies are pinned: pip-audit need not resolve or install any.
OPTIONS = ("--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off", "--timeout=15")


class Verdict(NamedTuple):
    code: int
    lines: list[str]


def main() -> int:
    try:
        _install()
        done = subprocess.run(_command(), capture_output=True, text=True, check=False, timeout=600)
    except subprocess.CalledProcessError as error:
        return _report(_not_audited(_last_line(error.stderr)))
    except subprocess.TimeoutExpired as error:
        return _report(_not_audited(str(error)))
    return _report(verdict(done.stdout, done.stderr))


def _command() -> list[str]:
    files = [option for name in AUDITED for option in ("--requirement", str(ROOT / name))]
    return [str(TOOL / "bin/pip-audit"), *OPTIONS, *files, *sys.argv[1:]]


def verdict(report: str, errors: str) -> Verdict:
    """The verdict on pip-audit's report in JSON, which is empty when pip-audit fails."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        return _not_audited(_last_line(errors))
    skipped = [it for it in dependencies if "skip_reason" in it]
    if len(skipped) == len(dependencies):
        return _not_audited(skipped[0]["skip_reason"] if skipped else "nothing was looked at")
    vulnerable = [(it, one) for it in dependencies for one in it.get("vulns", ())]
    found = [f"{it['name']} {it['version']}: {_shown(one)}" for it, one in vulnerable]
    summary = f"{len(dependencies) - len(skipped)} packages audited, {len(found)} known vulnerabilities"
    unknown = [f"not audited: {it['name']}: {it['skip_reason']}" for it in skipped]
    return Verdict(1 if found else 0, [*unknown, *found, summary])


def _not_audited(why: str) -> Verdict:
    return Verdict(0, [f"The dependencies were NOT audited, because the database can't be asked: {why}"])


def _shown(vulnerability: dict[str, Any]) -> str:
    names = ", ".join([vulnerability["id"], *vulnerability.get("aliases", [])])
    fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
    return f"{names}; fixed in {fixed}"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[-1]


def _install() -> None:
    """Installs pip-audit into an environment of its own, apart from the hub's packages."""
    wanted = (ROOT / "requirements-audit.txt").read_text()
    installed = TOOL / "installed.txt"
    if installed.exists() and installed.read_text() == wanted:
        return
    venv.create(TOOL, with_pip=True, clear=True)
    pip = [str(TOOL / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "-r", str(ROOT / "requirements-audit.txt")]
    subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    installed.write_text(wanted)


def _report(verdict: Verdict) -> int:
    print(*verdict.lines, sep="\n")
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())

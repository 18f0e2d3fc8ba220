"""scripts/run: which settings it uses, and where it makes the demo. flask and gunicorn are stubs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret that is long enough for it"
PRODUCTION = f"""APP_CONFIG=production
SECRET_KEY={SECRET}
JWT_SECRET_KEY={SECRET}
DATABASE_URL=postgresql://hub@db/hub
TASK_SERVICE=embedded
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder like the project's, with a .env of its own."""
    for name in ("config", "server"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "gunicorn.conf.py", tmp_path)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name in ("flask", "gunicorn"):
        (binaries / name).write_text(f'#!/bin/sh\necho "[{name} $* APP_CONFIG=$APP_CONFIG BIND=$BIND]"\n')
        (binaries / name).chmod(0o755)
    (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (binaries / "python").chmod(0o755)
    return tmp_path


def run(place: Path, **variables: str) -> str:
    environment = {"PATH": f"{place / 'bin'}:{os.environ['PATH']}", "INSTANCE_PATH": str(place), **variables}
    finished = subprocess.run(
        [ROOT / "scripts/run"],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert finished.returncode == 0, finished
    return finished.stdout


def test_by_itself_it_is_development_on_loopback(place: Path) -> None:
    printed = run(place)
    assert "[flask --app wsgi seed --demo APP_CONFIG= BIND=]" in printed
    assert "The hub serves on http://127.0.0.1:8000." in printed


def test_settings_may_stand_in_a_file(place: Path) -> None:
    (place / ".env").write_text(PRODUCTION)
    printed = run(place)
    assert "seed" not in printed and "alice" not in printed
    assert "[gunicorn -c gunicorn.conf.py wsgi:app APP_CONFIG= BIND=]" in printed


def test_the_address_may_stand_in_a_file(place: Path) -> None:
    (place / ".env").write_text("BIND=127.0.0.1:9000\n")
    assert "http://127.0.0.1:9000/login" in run(place)
    assert "http://127.0.0.1:9001/login" in run(place, BIND="127.0.0.1:9001")


def test_no_public_passwords_where_others_may_come(place: Path) -> None:
    printed = run(place, BIND="0.0.0.0:8000")
    assert "seed" not in printed and "alice" not in printed
    assert "DEMO=1" in printed
    assert "[gunicorn" in printed


def test_unless_it_is_wanted(place: Path) -> None:
    assert "seed --demo" in run(place, BIND="0.0.0.0:8000", DEMO="1")

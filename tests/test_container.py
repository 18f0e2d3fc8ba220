"""The container's command, run in a folder with only the files that the Dockerfile copies."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.calls import Calls
from tests.support.process import Child, free_port
from tests.support.wait import wait_until

ROOT = Path(__file__).resolve().parent.parent
SECRET = "a secret that is long enough for it"


DOCKERFILE = (ROOT / "Dockerfile").read_text()


def copied(text: str) -> list[str]:
    """The sources of every COPY that is not from another stage."""
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
    return [source for line in lines for source in line.split()]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    for source in copied(DOCKERFILE.rpartition("\nFROM ")[2]):
        target = folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, target)
    return folder


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "APP_CONFIG": "production",
        "BIND": f"127.0.0.1:{free_port()}",
        "INSTANCE_PATH": str(tmp_path / "instance"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/hub.db",
        "SECRET_KEY": SECRET,
        "JWT_SECRET_KEY": SECRET,
        "TASK_SERVICE": "embedded",
    }


@pytest.fixture
def started(image: Path, env: dict[str, str], tmp_path: Path) -> Iterator[Child]:
    child = Child([str(image / "scripts/serve")], tmp_path / "log", env=env, cwd=image)
    yield child
    child.stop()


def is_live(image: Path, env: dict[str, str]) -> bool:
    checked = subprocess.run(
        [image / "scripts/is-live"], env=env, capture_output=True, timeout=10, check=False
    )
    return checked.returncode == 0


def test_it_serves_and_ends(started: Child, image: Path, env: dict[str, str]) -> None:
    wait_until(lambda: is_live(image, env), 20, started.tail)
    calls = Calls(f"http://{env['BIND']}")
    wait_until(lambda: calls.get("/health/ready").ok, 5, started.tail)
    started.send_signal(15)
    assert started.wait() == 0
    assert not is_live(image, env)
    assert "Traceback" not in started.tail()


@pytest.mark.parametrize("change", [{"SECRET_KEY": ""}, {"WEB_CONCURRENCY": "two"}, {"REDIS_URL": "cache"}])
def test_it_says_what_is_missing(change: dict[str, str], image: Path, env: dict[str, str]) -> None:
    serve = [image / "scripts/serve"]
    ended = subprocess.run(
        serve, env=env | change, cwd=image, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    first, problem, *rest = ended.stderr.splitlines()
    assert first == "The hub can't start:"
    assert problem.startswith(f"- {next(iter(change))} ") and not rest


def test_everything_copied_gets_into_the_build() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == set(copied(DOCKERFILE))

"""flask concept create IMAGE"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result
from PIL import Image

from app.cli import report
from app.cli.pictures import data_url
from tests.support.fixtures import StartHub
from tests.support.hub import ROOT, HubProcess
from tests.support.process import free_port
from tests.support.task_service import Mood, TaskService

EXAMPLE = str(ROOT / "examples" / "ad.png")


@pytest.fixture
def process(hub: StartHub) -> HubProcess:
    """A hub with its own task service, and an account."""
    started = hub()
    started.register("Alice")
    return started


def test_it_is_watched_to_its_end(process: HubProcess) -> None:
    printed = process.flask("concept", "create", EXAMPLE, "--watch")
    assert "completed\n" in printed
    assert "Color palette\n" in printed and "dark blue, background" in printed
    assert "No model was used" in printed
    assert "\x1b" not in printed


def test_json_is_all_that_is_printed(process: HubProcess) -> None:
    def create(*options: str) -> Any:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "concept", "create", EXAMPLE, "--json"]
        return json.loads(
            subprocess.check_output([*command, *options], cwd=ROOT, env=process.env, timeout=60)
        )

    begun = create("--ad", "ad-1")
    assert begun["ad_archive_id"] == "ad-1"
    found = create("--watch", "--ad", "ad-1")
    assert (found["id"], found["status"]) == (begun["id"], "completed")
    assert found["concept_json"]["color_palette"][0]["hex"] == "#12324a"


def test_a_task_that_fails_is_an_error(hub: StartHub) -> None:
    with TaskService(Mood(failing=1)) as service:
        started = hub(EXTERNAL_API_URL=service.url)
        started.register("Alice")
        with pytest.raises(AssertionError, match=r"(?s)ended with 1.*The image is damaged"):
            started.flask("concept", "create", "http://example.org/ad.png", "--watch", "--user", "Alice")
        assert service.tasks["t0"].image_url == "http://example.org/ad.png"


@pytest.mark.usefixtures("alice")
def test_no_hub(fail: Callable[..., str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert fail("concept", "create", EXAMPLE, "--url", url).startswith(f"No hub answers at {url}")


def test_no_account(fail: Callable[..., str]) -> None:
    assert fail("concept", "create", EXAMPLE).startswith("There is no account")
    assert fail("concept", "create", EXAMPLE, "--user", "X").startswith("There is no account named X")


@pytest.mark.usefixtures("alice")
def test_no_image(run: Callable[..., Result], fail: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("text")
    assert "is no image" in fail("concept", "create", tmp_path / "a.png")
    assert run("concept", "create", tmp_path / "b.png").exit_code == 2


def test_a_large_image_is_made_smaller(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (1500, 1000), Random(1).randbytes(1500 * 1000 * 3))
    noise.save(tmp_path / "noise.png")
    url = data_url(tmp_path / "noise.png", 1_000_000)
    assert url.startswith("data:image/jpeg;base64,") and len(url) <= 1_000_000
    small = data_url(Path(EXAMPLE), 1_000_000)
    assert small.startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    ("concept", "printed"),
    [
        ({"title": "A\x1b[2J b"}, ["Title", "  A [2J b"]),
        ({"color_palette": [{"hex": "#ff0000", "share": 0.5}]}, ["Color palette", "  - #ff0000, 0.5"]),
        ({"a": {"b": [1, [2, 3]], "c": None}}, ["A", "  B", "    - 1", "    - 2, 3", "  C: None"]),
    ],
)
def test_any_concept_can_be_read(concept: dict[str, Any], printed: list[str]) -> None:
    plain = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in report.lines(concept)]
    assert plain == printed

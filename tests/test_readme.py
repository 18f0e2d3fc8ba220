"""The README keeps its promises: its shell lines work as printed, its tables name what there is."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import Base, load
from tests.support.fixtures import StartHub
from tests.support.process import Child
from tests.support.sse import Decoder
from tests.support.wait import wait_until

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8000"


def section(title: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    assert found, f"the README has no section {title}"
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


# A whole life in curl, and messages that wait


def live(url: str, title: str = "A whole life in curl") -> subprocess.CompletedProcess[str]:
    """Runs the lines of a section as they are printed, but for the address."""
    script = "".join(blocks(section(title), "sh"))
    assert script.count(ADDRESS) == 1
    lived: subprocess.CompletedProcess[str] = subprocess.run(
        ["bash", "-u"],
        input=script.replace(ADDRESS, url),
        env={"PATH": os.environ["PATH"]},  # no proxies, no .curlrc
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert lived.returncode == 0, lived
    return lived


def events(printed: str) -> list[tuple[str, str]]:
    """Name and data of the events among the answers."""
    lines = [line for line in printed.splitlines() if not line.startswith("{")]
    return [(event.name, event.data) for event in Decoder().feed("\n".join(lines).encode() + b"\n\n")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_a_whole_life_again_and_again(hub: StartHub) -> None:
    process = hub()
    for _ in range(2):
        lived = live(process.url)
        printed = lived.stdout
        assert lived.stderr == ""
        assert not re.search(r"^no .* came$|\"error\"", printed, re.MULTILINE), printed
        assert printed.endswith('{"message":"User deleted"}\n' * 2)
        seen = events(printed)
        updates = [data for name, data in seen if name == "message"]
        assert updates[0] == '{"hello": "everybody"}'
        kinds = re.findall(r'"type":"([a-z.]+)"', "".join(updates))
        assert kinds[:3] == ["file.created", "file.updated", "file.updated"]
        assert "while you were away" in updates
        told = [event for event in seen if event[0] != "message"]
        assert told == [("stream.resumed", '{"replayed": 2}'), ("stream.closed", '{"reason": "deleted"}')]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_messages_wait_again_and_again(hub: StartHub) -> None:
    run = (ROOT / "scripts/run").read_text()
    client = dict(re.findall(r"(CLIENT_\w+)=([\w-]+)", run))
    process = hub(**client)
    for _ in range(2):
        lived = live(process.url, "Messages that wait")
        assert lived.stderr.startswith("curl: (28) "), lived
        seen = [json.loads(data) for _, data in events(lived.stdout)]
        assert [message["payload"] for message in seen] == ["The new issue is out"]
        assert lived.stdout.endswith('{"acknowledged":1}\n\n'), lived


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_asking_a_bot(hub: StartHub, tmp_path: Path) -> None:
    process = hub()
    process.flask("seed", "--demo")
    log = tmp_path / "bot.log"
    bot = Child([sys.executable, str(ROOT / "examples/echo_bot.py")], log, env={"HUB": process.url})
    wait_until(lambda: "echo_bot is connected" in log.read_text(), 10, bot.tail)
    lived = live(process.url, "Ask a bot")
    assert lived.stderr == ""
    printed = lived.stdout
    answers = [json.loads(data)["message"] for _, data in events(printed)]
    said = ["You said:", "{}", "That was all."]
    asked = ["Hello, bot", "@echo_bot, are you there?"]
    assert answers == [text.format(question) for question in asked for text in said]
    promised = blocks(section("Ask a bot"), "text")[1]
    assert printed.endswith(promised), printed
    process.terminate()
    wait_until(lambda: "closed: 1001 Server shutdown" in log.read_text(), 10, bot.tail)
    process.spawn()
    wait_until(lambda: log.read_text().count("echo_bot is connected") == 2, 20, bot.tail)
    bot.stop()


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_a_concept_of_an_image(hub: StartHub) -> None:
    process = hub()
    for _ in range(2):
        printed = live(process.url, "A concept of an image").stdout
        assert "error" not in printed
        last = json.loads(re.findall(r"^event: concept-update\ndata: (.*)$", printed, re.MULTILINE)[-1])
        assert last["status"] == "completed"
        assert last["concept_json"]["title"] == "Square image: orange shape on dark blue"
        assert last["concept_json"]["color_palette"][0]["hex"] == "#12324a"
        assert printed.endswith('{"success":true}\n')


# Tables


class Recorder(dict[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self, **variables: str) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(name)
        return super().get(name, default)


Settings = tuple[Base, set[str]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Development's, and the names of all that the environment may set, whatever the database."""
    environment = Recorder(INSTANCE_PATH=str(tmp_path))
    postgres = Recorder(INSTANCE_PATH=str(tmp_path), DATABASE_URL="postgresql://hub@db/hub")
    load(postgres)
    asked = {name for name in environment.asked | postgres.asked if not name.endswith("_FILE")}
    return load(environment), asked


def table() -> dict[str, str]:
    """The settings that the README names, each with its default in development."""
    found: dict[str, str] = {}
    for line in re.findall(r"^\| (`[A-Z].*) \|$", section("Configuration"), re.MULTILINE):
        cells = line.split(" | ")
        names, defaults = re.findall(r"`(.*?)`", cells[0]), re.findall(r"`(.*?)`", cells[-1])
        found |= dict.fromkeys(names, "") | dict(zip(names, defaults, strict=False))
    return found


def example() -> dict[str, str]:
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_every_setting_is_told(settings: Settings) -> None:
    assert set(table()) == set(example()) == settings[1]


def test_defaults_are_told_as_they_are(settings: Settings) -> None:
    depends_on_the_place = {"APP_CONFIG", "INSTANCE_PATH", "DATABASE_URL", "CORS_ORIGINS"}
    for name in settings[1] - depends_on_the_place:
        is_known = hasattr(settings[0], name) and not name.endswith("SECRET_KEY")
        value = getattr(settings[0], name) if is_known else example()[name]
        text = str(int(value)) if isinstance(value, bool) else str(value)
        text = ",".join(value) if isinstance(value, list) else text
        assert (name, example()[name]) == (name, text)
        if text:
            assert (name, table()[name]) == (name, text)


# Figures


def test_sizing_tells_what_the_benchmark_printed() -> None:
    """docs/sizing.md names the row of each of its figures."""
    benchmark = re.findall(r"<!-- benchmark -->(.*)<!-- /benchmark -->", README, re.DOTALL)[0]
    lines = [line.strip("| ").split(" | ") for line in benchmark.splitlines() if line.startswith("| ")]
    figures = re.findall(
        r"^\| [^|]+ \| ([\d.,]+) \| ([^|]+) \|$", (ROOT / "docs/sizing.md").read_text(), re.MULTILINE
    )
    assert len(figures) >= 8
    for figure, row in figures:
        cells = [cell.strip() for words in lines if words[0].strip() == row for cell in words[1:]]
        assert figure in cells, f"{row}: docs/sizing.md says {figure}, the README has {cells}"


# Names and links


def test_the_map_names_only_what_is_there() -> None:
    for line in blocks(section("The map of the house"), "text")[0].splitlines():
        folder = ROOT / "app/realtime" if line.startswith(" ") else ROOT
        names = re.split(r" {2,}", line.strip())[0]
        for name in re.findall(r"[\w/.]+", names):
            assert (folder / name).exists(), f"{name} in: {line}"


def test_links_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{target} in {page.name}"


def test_every_dependency_has_its_why() -> None:
    named = re.findall(
        r"^([a-z][a-z0-9-]*)",
        "".join(map(Path.read_text, [*ROOT.glob("requirements*.in"), ROOT / "requirements-fast.txt"])),
        re.MULTILINE,
    )
    tables = re.findall(r"^\| ([a-z0-9, -]+) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(
        name for names in tables for name in names.split(", ") if name != "package"
    )

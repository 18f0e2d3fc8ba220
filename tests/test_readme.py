"""Tables, the glossary and the map name only existing things, and figures in two places are equal."""

import re
from pathlib import Path

import pytest

from config import Base
from tests.support.markdown import Page, guides
from tests.support.settings import development

ROOT = Path(__file__).resolve().parent.parent
MADE_BY_ITS_READER = {"deploy/.env", "deploy/hub.env", "deploy/secrets/"}


def page(name: str) -> Page:
    return Page(ROOT / name)


def between(name: str, text: str) -> str:
    """The text between two comments of that name."""
    return re.findall(rf"<!-- {name} -->(.*)<!-- /{name} -->", text, re.DOTALL)[0].strip()


# Tables


Settings = tuple[Base, set[str]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of development, and the names of all settings, for any database."""
    return development(str(tmp_path))


def table() -> dict[str, str]:
    """The settings that docs/operate/settings.md names, each with its default in development."""
    found: dict[str, str] = {}
    for line in re.findall(r"^\| (`[A-Z].*) \|$", page("docs/operate/settings.md").text, re.MULTILINE):
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


def rows() -> list[list[str]]:
    """The tables of the run that docs/reports/benchmarks.md shows."""
    benchmark = between("benchmark", page("docs/reports/benchmarks.md").text)
    return [line.strip("| ").split(" | ") for line in benchmark.splitlines() if line.startswith("| ")]


def test_the_front_page_shows_a_table_of_that_run() -> None:
    readme = page("README.md").text
    fan_out = between("fan-out", readme)
    assert fan_out.count("\n") > 5
    assert fan_out in between("benchmark", page("docs/reports/benchmarks.md").text)
    idle = next(row[1] for row in rows() if row[0] == "idle stream: memory (PSS)")
    assert f"An idle stream takes {idle} KB" in readme


def test_sizing_tells_what_the_benchmark_printed() -> None:
    """docs/operate/sizing.md names the row of each of its figures."""
    figures = re.findall(
        r"^\| [^|]+ \| ([\d.,]+) \| ([^|]+) \|$", (ROOT / "docs/operate/sizing.md").read_text(), re.MULTILINE
    )
    assert len(figures) >= 8
    for figure, row in figures:
        cells = [cell.strip() for words in rows() if words[0].strip() == row for cell in words[1:]]
        assert figure in cells, f"{row}: sizing.md says {figure}, benchmarks.md {cells}"


# Names


def test_the_map_names_only_what_is_there() -> None:
    block = next(block for block in page("CONTRIBUTING.md").blocks if block.text.startswith("wsgi.py"))
    for line in block.text.splitlines():
        folder = ROOT / "app/realtime" if line.startswith(" ") else ROOT
        names = re.split(r" {2,}", line.strip())[0]
        for name in re.findall(r"[\w/.]+", names):
            assert (folder / name).exists(), f"{name} in: {line}"


def test_every_term_is_in_the_code() -> None:
    """The last column of docs/glossary.md names classes, functions and modules of the application."""
    sources = [path for folder in ("app", "server") for path in (ROOT / folder).rglob("*.py")]
    defined = {path.name for path in sources} | {
        name
        for path in sources
        for name in re.findall(r"^(?:class|def) (\w+)", path.read_text(), re.MULTILINE)
    }
    columns = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]*)\|$", page("docs/glossary.md").text, re.MULTILINE)
    named = [name for column in columns for name in re.findall(r"`([\w.]+)`", column)]
    assert len(named) >= 50
    assert [name for name in named if name not in defined] == []


PAGES = [*guides(), *(page(name) for name in ("CONTRIBUTING.md", "SECURITY.md"))]


@pytest.mark.parametrize("it", PAGES, ids=lambda it: it.name)
def test_a_page_names_only_files_that_are_there(it: Page) -> None:
    named = re.findall(r"`((?:app|deploy|examples|scripts|server|tests)/[\w/.-]+)`", it.text)
    assert len(named) >= (30 if it.name == "docs/internals.md" else 0)
    assert [name for name in named if name not in MADE_BY_ITS_READER and not (ROOT / name).exists()] == []


def test_files_name_only_documents_that_are_there() -> None:
    """Comments, texts of commands, units: a path of a document leads to it."""
    folders = ("app", "benchmarks", "config", "deploy", "scripts", "server", "tests")
    nested = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    paths = [path for path in (*ROOT.iterdir(), *nested) if path.is_file() and path.stat().st_size < 200_000]
    document = re.compile(rb"(?<![\w/])docs/[\w/-]+\.(?:md|svg)")
    named = {(path, name.decode()) for path in paths for name in document.findall(path.read_bytes())}
    assert len(named) >= 30
    assert [(str(path), name) for path, name in named if not (ROOT / name).exists()] == []


def test_every_dependency_has_its_why() -> None:
    named = re.findall(
        r"^([a-z][a-z0-9-]*)",
        "".join(map(Path.read_text, [*ROOT.glob("requirements*.in"), ROOT / "requirements-fast.txt"])),
        re.MULTILINE,
    )
    text = page("docs/operate/dependencies.md").text
    tables = re.findall(r"^\| ([a-z0-9, -]+) \|", text, re.MULTILINE)
    assert sorted(named) == sorted(
        name for names in tables for name in names.split(", ") if name != "package"
    )

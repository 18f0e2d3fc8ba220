"""Imports point down only, and never in a circle. The table is the rule; the tests walk every import."""

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the bottom up. A part imports itself and what stands in lines below it, never its own line's others.
LAYERS = [
    ["app.realtime.claims", "app.realtime.event", "app.realtime.meters", "app.realtime.pacing"],
    ["app.realtime.topics", "app.realtime.disconnect", "app.realtime.net"],
    ["app.realtime.broker"],
    ["app.realtime.presence", "app.realtime.outbox", "app.realtime.timers"],
    ["app.realtime.streams", "app.realtime.sockets", "app.realtime.workers"],
    ["app.realtime.canary", "app.realtime.control", "app.realtime.rechecks"],
    ["app.realtime", "config"],
    ["app.errors", "app.retrying"],
    ["app.extensions"],
    ["app.db"],
    ["app.auth"],
    ["app.web"],
    ["app.apidocs"],
    ["app.constellations", "app.gateway", "app.notifications", "app.tasks", "app.concepts"],
    ["app.accounts"],  # a deleted account leaves its constellations: account_deletion.py, rights.py
    ["app.ops"],  # shows what the areas count
    ["app.seeding"],
    ["app.console"],
    ["app.cli"],
    ["app"],  # the factory, app/__init__.py: the only file that knows every part
    ["server"],
]
AREAS = {
    *("app.constellations", "app.accounts", "app.gateway", "app.notifications"),
    *("app.tasks", "app.concepts"),
}
PRIVATE = {"routes", "models"}  # of an area
# The engine is handed what it needs, so that it can be understood, tested and moved without them.
NOT_FOR_THE_ENGINE = {
    *("flask", "flask_cors", "flask_jwt_extended", "flask_migrate", "flask_sock", "flask_sqlalchemy"),
    *("werkzeug", "jinja2", "marshmallow", "sqlalchemy", "alembic", "psycopg2", "sqlite3"),
}

# The engine knows no area: these words, in any form, belong to areas.
WORDS_OF_AREAS = re.compile(
    r"constellation|gateway|inbox|notification|recipient|concept|\bbots?\b|_bots?\b", re.I
)

HEIGHT = {part: height for height, line in enumerate(LAYERS) for part in line}


def modules() -> dict[str, Path]:
    """Every module of the three packages by its dotted name; a package is its __init__."""
    paths = [path for folder in ("config", "app", "server") for path in (ROOT / folder).rglob("*.py")]
    return {name(path.relative_to(ROOT)): path for path in paths}


def name(path: Path) -> str:
    return ".".join(path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts)


KNOWN = modules()


def imports(source: str, known: set[str]) -> Iterator[str]:
    """What a file imports, also inside functions; of `from a import b` it is `a.b` where that is a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide where they lead"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else str(node.module)


def part_of(module: str) -> str | None:
    """The entry of the table that a module belongs to; None for other people's modules."""
    if module == "app":
        return "app"
    return next((part for part in HEIGHT if part != "app" and f"{module}.".startswith(f"{part}.")), None)


def complaints(module: str, source: str, known: set[str]) -> list[str]:
    """What is wrong with the imports of one module."""
    return [
        f"{module} imports {imported}: {problem}"
        for imported in imports(source, known)
        if (problem := problem_of(module, imported)) is not None
    ]


def problem_of(module: str, imported: str) -> str | None:
    mine, other = part_of(module), part_of(imported)
    assert mine is not None, f"{module} has no place in LAYERS: give it one"
    if mine.startswith("app.realtime") and imported.partition(".")[0] in NOT_FOR_THE_ENGINE:
        return "the engine knows no web framework and no database"
    if other is None or other == mine:
        return None
    if HEIGHT[other] >= HEIGHT[mine]:
        return "imports point down only"
    if mine in AREAS and other in AREAS and PRIVATE & set(imported.split(".")):
        return "routes and models belong to their area; what two areas share moves down"
    return None


@pytest.mark.parametrize("module", sorted(KNOWN))
def test_imports_point_down_only(module: str) -> None:
    assert not complaints(module, KNOWN[module].read_text(), set(KNOWN))


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The modules of a circle of imports, in order; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_imports_in_a_circle() -> None:
    """Imports for types count too: `imports` looks into every block of a file."""
    known = set(KNOWN)
    graph = {module: set(imports(path.read_text(), known)) & known for module, path in KNOWN.items()}
    assert not circle(graph)


def test_no_circle_in_the_console() -> None:
    folder = ROOT / "app/console/static"
    graph = {}
    for path in folder.rglob("*.js"):
        found = re.findall(r"""\bfrom\s+["'](\.[^"']+)["']""", path.read_text())
        graph[str(path)] = {str((path.parent / PurePosixPath(name)).resolve()) for name in found}
    assert graph and not circle(graph)


def test_a_circle_is_found() -> None:
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}
    assert not circle({"a": {"b", "c"}, "b": {"c"}})


@pytest.mark.parametrize("path", sorted((ROOT / "app/realtime").rglob("*.*")), ids=lambda path: path.name)
def test_the_engine_knows_no_area(path: Path) -> None:
    """Not by name, and so not by a counter or a topic either; in code, comments and scripts."""
    if path.suffix in {".py", ".lua"}:
        assert not WORDS_OF_AREAS.findall(path.read_text())


def test_the_table_names_nothing_that_is_gone() -> None:
    assert set(HEIGHT) <= set(KNOWN)
    assert AREAS.issubset(HEIGHT)


WRONG = [
    ("app.realtime.streams.hub", "import flask"),
    ("app.realtime.streams.hub", "from sqlalchemy.exc import DBAPIError"),
    ("app.realtime.streams.hub", "from flask_sqlalchemy import SQLAlchemy"),
    ("app.realtime.streams.hub", "from app.errors import NotFound"),
    ("app.realtime.engine", "from config import load"),
    ("app.realtime.streams.hub", "def f():\n    from app.constellations import live"),
    ("app.errors", "from app.extensions import db"),
    ("app.auth.tokens", "from app.web.limits import limit"),
    ("app.accounts.service", "import app.ops.health"),
    ("app.constellations.live", "from app.accounts import service"),
    ("app.accounts.service", "from app.constellations.models import Folder"),
    ("app.accounts.service", "from app.constellations import models"),
    ("app.accounts.service", "from app.constellations.routes import files"),
    ("app.accounts.service", "from app import create_app"),
    ("config.base", "from app.errors import Invalid"),
]
RIGHT = [
    ("app.realtime.streams.hub", "import gevent\nfrom app.realtime.streams import sse"),
    ("app.accounts.service", "from app.constellations.services import account_deletion"),
    ("app.accounts.service", "from app.auth.models import User"),
    ("app.accounts.routes.bearer", "from app.web.limits import limit_login"),
    ("app.cli", "from app.web import fields as texts"),
    ("app", "from app import cli\nfrom app.accounts.routes.bearer import blueprint"),
    ("app.web.limits", "from config.environment import ConfigurationError"),
]


@pytest.mark.parametrize(("module", "source"), WRONG)
def test_a_wrong_import_is_found(module: str, source: str) -> None:
    assert len(complaints(module, source, set(KNOWN))) == 1


@pytest.mark.parametrize(("module", "source"), RIGHT)
def test_a_right_import_is_let_be(module: str, source: str) -> None:
    assert not complaints(module, source, set(KNOWN))


def test_a_new_part_needs_a_place() -> None:
    with pytest.raises(AssertionError, match="no place in LAYERS"):
        complaints("app.novelty", "from app.errors import Invalid", set(KNOWN))

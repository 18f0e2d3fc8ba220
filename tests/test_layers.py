"""Imports point down only. The table is the rule; the tests walk every import of app/ and config/."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# From the bottom up. A part imports itself and what stands in lines below it, never its own line's others.
LAYERS = [
    ["config", "app.realtime"],
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
    if mine == "app.realtime" and imported.partition(".")[0] in NOT_FOR_THE_ENGINE:
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

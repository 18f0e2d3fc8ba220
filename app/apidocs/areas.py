"""Finding what the areas say about themselves, by the routes that are registered."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import NamedTuple

from flask import Flask

_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


class Route(NamedTuple):
    """`name` is the view's, with that of its own blueprint: `members.list_users`. `path` is as both documents
    write it: `/files/{file_uuid}`. `area` is the area's module about itself, None where it has none."""

    name: str
    path: str
    parameters: tuple[str, ...]
    methods: tuple[str, ...]
    area: ModuleType | None


def routes(app: Flask, document: str) -> Iterator[Route]:
    """Every route by path; `document` is the name of the areas' modules, openapi or asyncapi."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        yield Route(
            ".".join(rule.endpoint.split(".")[-2:]),
            _PARAMETER.sub(r"{\1}", rule.rule),
            tuple(_PARAMETER.findall(rule.rule)),
            tuple(methods),
            _area(app, rule.endpoint, document),
        )


def _area(app: Flask, endpoint: str, document: str) -> ModuleType | None:
    """A view belongs to the area whose folder its blueprint stands in."""
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    if blueprint is None:
        return None
    name = ".".join([*blueprint.import_name.split(".")[:2], document])
    return import_module(name) if find_spec(name) else None

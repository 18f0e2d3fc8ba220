"""The registered routes of an application, each with its view's description and its blueprint's tag."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import NamedTuple

from flask import Flask

from app.apidocs.describe import Description, Tag, description_of, tag_of

_PARAMETER = re.compile(r"<(?:[^<>:]+:)?([^<>]+)>")


class Route(NamedTuple):
    """`name` is the view's, with that of its own blueprint: `members.list_users`. `path` is as both documents
    write it: `/files/{file_uuid}`. `description` is None where the view carries none."""

    name: str
    path: str
    parameters: tuple[str, ...]
    methods: tuple[str, ...]
    description: Description | None
    tag: Tag | None


def routes(app: Flask) -> Iterator[Route]:
    """Every route by path. Where a WebSocket is served, the route that asks for an upgrade is left out."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    sockets = {rule.rule for rule in rules if rule.websocket}
    for rule in rules:
        if rule.rule in sockets and not rule.websocket:
            continue
        name = ".".join(rule.endpoint.split(".")[-2:])
        yield Route(
            name,
            _PARAMETER.sub(r"{\1}", rule.rule),
            tuple(_PARAMETER.findall(rule.rule)),
            tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})),
            description_of(app.view_functions[rule.endpoint]) or _from_modules(app, rule.endpoint, name),
            _find_tag(app, rule.endpoint),
        )


def _find_tag(app: Flask, endpoint: str) -> Tag | None:
    """The tag of the view's blueprint, else of the blueprint in which that is nested."""
    name = endpoint
    while name := name.rpartition(".")[0]:
        if tag := tag_of(app.blueprints[name]):
            return tag
    module = _module(app, endpoint, "openapi")
    return Tag(module.TITLE, (module.__doc__ or "").strip()) if module else None


# Areas that still describe their calls in `openapi.py` and `asyncapi.py`.


def _from_modules(app: Flask, endpoint: str, name: str) -> Description | None:
    calls, channels = _module(app, endpoint, "openapi"), _module(app, endpoint, "asyncapi")
    if calls is None or name not in calls.OPERATIONS:
        return None
    return Description(calls.OPERATIONS[name], channels.CHANNELS.get(name) if channels else None)


def _module(app: Flask, endpoint: str, document: str) -> ModuleType | None:
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    if blueprint is None:
        return None
    name = ".".join([*blueprint.import_name.split(".")[:2], document])
    return import_module(name) if find_spec(name) else None

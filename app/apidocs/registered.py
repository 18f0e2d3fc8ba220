"""The registered routes of an application, each with its view's description and its blueprint's tag."""

import re
from collections.abc import Iterator
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
    is_socket: bool


def routes(app: Flask) -> Iterator[Route]:
    """Every route by path. Where a WebSocket is served, the route that asks for an upgrade is left out."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
    sockets = {rule.rule for rule in rules if rule.websocket}
    for rule in rules:
        if rule.rule in sockets and not rule.websocket:
            continue
        yield Route(
            ".".join(rule.endpoint.split(".")[-2:]),
            _PARAMETER.sub(r"{\1}", rule.rule),
            tuple(_PARAMETER.findall(rule.rule)),
            tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})),
            description_of(app.view_functions[rule.endpoint]),
            _find_tag(app, rule.endpoint),
            rule.websocket,
        )


def _find_tag(app: Flask, endpoint: str) -> Tag | None:
    """The tag of the view's blueprint, else of the blueprint in which that is nested."""
    name = endpoint
    while name := name.rpartition(".")[0]:
        if tag := tag_of(app.blueprints[name]):
            return tag
    return None

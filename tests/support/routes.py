"""Werkzeug makes a Python function of each route: most of what it takes to make an application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


def compile_each_route_once() -> None:
    """The function depends on the route's parts and defaults alone, so that all applications can share it."""
    compile_builder = Rule._compile_builder
    made: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        key = (*rule._trace, repr(rule.defaults), append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    Rule._compile_builder = compile_once  # type: ignore[method-assign]

"""Prints a concept in a terminal."""

import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import click

from app.cli.terminal import plain

WIDTH = 96
HEX = re.compile(r"#[0-9a-fA-F]{6}")


def show(concept: dict[str, Any]) -> None:
    has_colors = sys.stdout.isatty()
    for line in lines(concept):
        click.echo(HEX.sub(_swatch, line) if has_colors else line)


def lines(concept: dict[str, Any]) -> Iterator[str]:
    """All that the task service put into it, in the order of its keys."""
    for name, value in concept.items():
        yield click.style(_title(name), bold=True)
        yield from _block(value, "  ")


def _block(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if _is_plain(inner):
                yield f"{indent}{_title(name)}: {_text(inner)}"
            else:
                yield f"{indent}{_title(name)}"
                yield from _block(inner, indent + "  ")
    elif isinstance(value, list):
        for inner in value:
            yield from _item(inner, indent)
    else:
        yield from _wrapped(_text(value), indent, indent)


def _item(value: Any, indent: str) -> Iterator[str]:
    """One entry of a list, on one line; of an object the plain values."""
    if isinstance(value, dict):
        plain = [_text(inner) for inner in value.values() if _is_plain(inner)]
        yield from _wrapped(", ".join(plain), f"{indent}- ", f"{indent}  ")
    elif isinstance(value, list):
        yield f"{indent}- {', '.join(_text(inner) for inner in value)}"
    else:
        yield from _wrapped(_text(value), f"{indent}- ", f"{indent}  ")


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else plain(value)


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=others)


def _swatch(found: re.Match[str]) -> str:
    """A patch of the colour before its code."""
    code = found[0]
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return f"{click.style('    ', bg=(red, green, blue))} {code}"


def _title(name: str) -> str:
    return _text(name).replace("_", " ").capitalize()

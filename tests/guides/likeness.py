"""Compares output with the text of a page: ids, times and tokens may differ, … matches anything."""

from __future__ import annotations

import re

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Text that differs each time, and the mask that replaces it on both sides.
_MASKS = (
    (_UUID, "<uuid>"),
    (r"\b[0-9a-f]{12}\.\d+\b", "<cursor>"),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "<token>"),
    (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)", "<time>"),
    (r"^retry: \d+$", "retry: <ms>"),
    (r"(after \d+ milliseconds with) \d+ bytes", r"\1 some bytes"),
    (r"(after) \d+ (milliseconds)", r"\1 some \2"),
)
# A shortened id or token differs before the … too.
_ANYTHING = re.compile(r"(?:\beyJ[\w.-]*|\b[0-9a-f]+(?:-[0-9a-f]+)*-?)?…")


def _plain(text: str) -> str:
    for pattern, mask in _MASKS:
        text = re.sub(pattern, mask, text, flags=re.MULTILINE)
    lines = (line.strip() for line in text.splitlines())
    # Heartbeats come at any time.
    return "\n".join(line for line in lines if line and line != ":")


def is_like(shown: str, printed: str) -> bool:
    """`shown` is the page's text; a line with … alone matches any number of lines."""
    lines = []
    for line in _plain(shown).splitlines():
        if line == "…":
            lines.append(r"(?:[^\n]*\n)*?")
        else:
            lines.append("[^\n]*?".join(re.escape(part) for part in _ANYTHING.split(line)) + r"\n")
    return re.fullmatch("".join(lines), _plain(printed) + "\n") is not None

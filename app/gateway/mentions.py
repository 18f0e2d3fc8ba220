"""Finds the public account that the text of a message mentions first. Pure."""

import re
from collections.abc import Container
from typing import Any

TEXT_KEYS = ("message", "text", "data", "content", "body")
# Not behind a letter, a digit or `_` of any script: that would be an e-mail address.
_MENTION = re.compile(r"(?<!\w)@([A-Za-z0-9_]+)")


def find_mention(data: dict[str, Any], public: Container[str]) -> str | None:
    """The first `@name` of the text that is in `public`, letter for letter; None where there is none."""
    text = find_text(data)
    if "@" not in text:
        return None
    return next((match[1] for match in _MENTION.finditer(text) if match[1] in public), None)


def find_text(data: dict[str, Any]) -> str:
    """The value of the first of `TEXT_KEYS` that is a string, which may be empty; "" where none is."""
    return next((value for key in TEXT_KEYS if isinstance(value := data.get(key), str)), "")

"""Events, the positions they have in a topic's history, and the cursors that name those to clients."""

import re
import secrets
from dataclasses import dataclass
from typing import NamedTuple

_CURSOR = re.compile(r"([0-9a-z]{6,32})\.([0-9]{1,15})")


class Position(NamedTuple):
    """The place after `offset` events of one `epoch`. A new epoch begins when a history is lost."""

    epoch: str
    offset: int


def new_epoch() -> str:
    return secrets.token_hex(6)


NOWHERE = Position("", 0)
"""Where streams are that follow no history."""


@dataclass(frozen=True, slots=True)
class Event:
    """What is published. Without a `name` it reaches `onmessage`; without an `id` its cursor is its id."""

    data: str
    name: str = ""
    id: str = ""


def pack(event: Event) -> bytes:
    """The event as the broker carries it: name, id and data, each but the last ended by LF."""
    if "\n" in event.name or "\n" in event.id:
        raise ValueError("names and ids of events are single lines")
    return f"{event.name}\n{event.id}\n{event.data}".encode()


def unpack(payload: bytes) -> Event:
    name, id, data = payload.decode().split("\n", 2)
    return Event(data, name, id)


def encode_cursor(position: Position) -> str:
    return f"{position.epoch}.{position.offset}"


def decode_cursor(text: str) -> Position | None:
    """None for anything that `encode_cursor` did not make."""
    match = _CURSOR.fullmatch(text)
    return Position(match[1], int(match[2])) if match else None

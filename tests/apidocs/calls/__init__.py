"""Calls to judge the answers by: of each endpoint one that goes well at least, and one that does not.

One module per area. `{names}` are those of a world that each call gets for itself (test_access_table.py):
its caller is an ADMIN of a constellation beside {owner}; {comment} is the owner's, {own} the caller's;
{client} has {secret}. A module may have a `prepare(app, names)` that makes more and answers what that is
called.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, NamedTuple


class Call(NamedTuple):
    """`who`: the caller of the world by bearer token or by cookie, a stranger, a service, or nobody. A body
    of bytes is sent as it is, as JSON."""

    call: str
    status: int
    body: dict[str, Any] | list[Any] | bytes | None = None
    who: str = "caller"
    headers: dict[str, str] = {}
    settings: dict[str, str] = {}

    @property
    def path(self) -> str:
        return self.call.split()[1].partition("?")[0]


def collect() -> Iterator[tuple[ModuleType, Call]]:
    for found in iter_modules(__path__):
        area = import_module(f"{__name__}.{found.name}")
        for call in area.CALLS:
            yield area, call

"""All clients of event streams at once, before the same stream."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.clients.client import STREAMS, Running, Said
from tests.clients.house import House
from tests.support.wait import wait_until

PATIENCE = 30.0


class Audience:
    """`members` by name; before a constellation of its own where no other `url` is given."""

    def __init__(self, house: House, cursor: str = "", url: str = "") -> None:
        self._house = house
        self.constellation = house.edge.constellation(house.token)
        url = url or f"/sse/updates/{self.constellation}"
        self.members = {it.name: house.run(it, url, house.token, cursor) for it in STREAMS}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self.members.values():
            if error is not None:
                print(f"--- {member}")
            member.close()

    def gather(self, call: str) -> None:
        """Publishes `call` until all have heard it."""

        def have_heard() -> bool:
            if all(member.has_seen(call) for member in self.members.values()):
                return True
            self._house.notify(self.constellation, call)
            return False

        wait_until(have_heard, PATIENCE, lambda: self._who(lambda it: it.has_seen(call)), interval=0.2)

    def publish(self, *bodies: str) -> None:
        """All see the last one."""
        self._house.notify(self.constellation, *bodies)
        self.wait(lambda it: it.has_seen(bodies[-1]))

    def cut(self) -> None:
        """Their connections; they come back when the link is healed."""
        self._house.link.cut()
        self._house.link.drop()
        self.wait(lambda it: bool(it.all("lost")))

    def wait(self, condition: Callable[[Running], bool]) -> None:
        wait_until(lambda: all(map(condition, self.members.values())), PATIENCE, lambda: self._who(condition))

    def _who(self, condition: Callable[[Running], bool]) -> str:
        late = [name for name, member in self.members.items() if not condition(member)]
        return f"all clients; {', '.join(late)} did not"

    def told(self) -> dict[str, list[Said]]:
        """What each has said so far."""
        return {name: list(member.said) for name, member in self.members.items()}

"""The contract of presence: which worker holds which name, over the whole cluster.

Every implementation passes the same tests for it.

Guarantees:
- A name has at most one holder: `claim` is atomic, and of any number at the same moment one wins.
- A claim is a lease of `lease_seconds`, by the store's clock and no worker's. Unless it is renewed it is over
  then, also when its worker died, and the name is free: it is no longer found or counted, whether or not it
  was swept yet.
- Claiming again what one holds already, and releasing or renewing twice, does no harm. Releasing and renewing
  touch no other holder's lease: a holder is a worker and a connection, not just a name.
- `renew` tells for each lease whether it is still the holder's. One that the store lost (it came back
  empty) or that ran out is claimed anew, unless another holder was faster.
- BrokerUnavailable means that a call may or may not have been carried out: the caller of `claim` must
  release.
- Calls of one worker are carried out in the order in which they were made, or not at all.
- A name is any text, also with lone surrogates; a connection's id too; a worker's id has no space.

(Not detected: a store whose clock is set back or forth makes leases last longer or shorter by as much.)
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple


class Holder(NamedTuple):
    """The connection that holds a name, and its worker."""

    worker: str
    connection: str


Lease = tuple[str, Holder]
"""A name and its holder."""


class Presence(ABC):
    """See the module's docstring for what every implementation guarantees. All raise BrokerUnavailable."""

    def __init__(self, lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds

    @abstractmethod
    def claim(self, name: str, holder: Holder) -> bool:
        """Whether the name is the holder's now; False: another holder has it."""

    @abstractmethod
    def renew(self, leases: Sequence[Lease]) -> list[bool]:
        """Whether each is the holder's still, for another `lease_seconds`; False: another holder has it."""

    @abstractmethod
    def release(self, leases: Sequence[Lease]) -> None:
        """Frees the names that these holders have, in one round."""

    @abstractmethod
    def find(self, names: Sequence[str]) -> list[Holder | None]:
        """The holder of each name, in one round."""

    @abstractmethod
    def count(self) -> int:
        """How many names are held."""

    @abstractmethod
    def names(self, most: int) -> list[str]:
        """At most so many of the names that are held, in no particular order."""

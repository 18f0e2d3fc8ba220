"""The names that the connections of this worker hold: claimed, renewed, released, and noticed when lost.

Two greenlets for all of them; a held name costs an entry in a dict. While the store is away everything that
is held stays so here; when it is back each lease is renewed or, if another holder has taken the name, lost.
New claims wait a moment then, so that a holder does not lose its name to a claim that came just then.
The names of a worker that died become free in the store, when their leases run out.
"""

import logging
from collections.abc import Callable, Iterable
from time import monotonic

import gevent
from gevent.event import Event

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.pacing import RETRY_SECONDS
from app.realtime.presence.base import Holder, Lease, Presence
from app.realtime.presence.pending_releases import Claim, PendingReleases

log = logging.getLogger(__name__)

BATCH_NAMES = 500
DRAIN_SECONDS = 2.0
SETTLE_SECONDS = 1.0  # in which all workers find a store that came back, and renew what they held


class Leases:
    """`on_lost(name, connection id)` is called for a connection whose name another holder has now."""

    def __init__(self, presence: Presence) -> None:
        self.on_lost: Callable[[str, str], None] | None = None
        self._presence = presence
        self._worker = ""
        self._held: dict[str, str] = {}  # name → connection
        self._claims: set[Claim] = set()  # those under way
        self._releases = PendingReleases(presence.lease_seconds)
        self._is_over = False
        self._settled_at = 0.0
        self._must_renew = Event()
        self._must_release = Event()
        self._greenlets: list[gevent.Greenlet[..., None]] = []

    def __len__(self) -> int:
        """How many names this worker holds."""
        return len(self._held)

    @property
    def pending(self) -> int:
        """How many releases the store has not taken yet."""
        return len(self._releases)

    def start(self, worker: str) -> None:
        self._worker = worker
        self._greenlets = [gevent.spawn(self._renew_for_ever), gevent.spawn(self._release_for_ever)]

    def stop(self) -> None:
        gevent.killall(self._greenlets)

    def claim(self, name: str, connection: str) -> bool:
        """Whether the name is this connection's now; False: another one has it. Raises BrokerUnavailable."""
        if self._is_over:
            raise BrokerUnavailable("the worker stops")
        if name in self._held:
            return self._held[name] == connection
        claim = (name, connection)
        self._claims.add(claim)
        try:
            is_ours = self._claim(claim)
        except BaseException:
            # Perhaps it was stored, and only the answer is lost.
            self._release_soon(claim)
            raise
        finally:
            is_wanted = claim in self._claims
            self._claims.discard(claim)
        if is_ours and is_wanted:
            self._held[name] = connection
        elif is_ours:
            # Released meanwhile, perhaps before it was even asked for.
            self._release_soon(claim)
        if self._is_over:
            raise BrokerUnavailable("the worker stops")
        return is_ours and is_wanted

    def _claim(self, claim: Claim) -> bool:
        """What others held before the store was away comes first, and what this worker has to release."""
        name, connection = claim
        patience = self._settled_at - monotonic()
        if patience > 0:
            gevent.sleep(patience)
        self._releases.discard(claim)
        earlier = self._releases.of(name)
        if earlier:
            self._presence.release(self._leases(earlier))
        return self._presence.claim(name, Holder(self._worker, connection))

    def find(self, name: str) -> str | None:
        """The connection of this worker that has the name, as far as this worker knows."""
        return self._held.get(name)

    def release(self, name: str, connection: str) -> None:
        """Never fails, never waits, and frees no other connection's claim."""
        claim = (name, connection)
        if self._held.get(name) == connection:
            del self._held[name]
        elif claim in self._claims:
            self._claims.discard(claim)
        else:
            return
        self._release_soon(claim)

    def drain(self) -> None:
        """Releases everything in one round if the store can be reached in time; no claims after it."""
        self._is_over = True
        for claim in [*self._held.items(), *self._claims]:
            self._releases.add(claim)
        self._held.clear()
        self._claims.clear()
        try:
            with gevent.Timeout(DRAIN_SECONDS):
                self._release_pending(len(self._releases))
        except (BrokerUnavailable, gevent.Timeout):
            log.warning("%d names stay taken until their leases end", len(self._releases))

    # Renewing

    def renew_soon(self) -> None:
        """The store is back: it may have forgotten everything."""
        self._must_renew.set()
        self._settled_at = monotonic() + SETTLE_SECONDS

    def _renew_for_ever(self) -> None:
        renew_seconds = self._presence.lease_seconds / 3
        patience = renew_seconds
        while True:
            self._must_renew.wait(patience)
            self._must_renew.clear()
            patience = renew_seconds
            try:
                self._renew()
            except BrokerUnavailable:
                patience = min(RETRY_SECONDS, renew_seconds)
            except Exception:
                log.exception("leases could not be renewed")

    def _renew(self) -> None:
        held = list(self._held.items())
        lost = 0
        for start in range(0, len(held), BATCH_NAMES):
            # Not those that were released meanwhile: they would be claimed anew.
            part = held[start : start + BATCH_NAMES]
            batch = [(name, connection) for name, connection in part if self._held.get(name) == connection]
            verdicts = self._presence.renew(self._leases(batch))
            for (name, connection), is_ours in zip(batch, verdicts, strict=True):
                if not is_ours and self._held.get(name) == connection:
                    self._lose(name, connection)
                    lost += 1
        if lost:
            log.warning("%d names belong to connections of other workers now", lost)

    def _lose(self, name: str, connection: str) -> None:
        del self._held[name]
        if self.on_lost is None:
            return
        try:
            self.on_lost(name, connection)
        except Exception:
            log.exception("a connection that lost its name could not be told")

    # Releasing

    def _release_soon(self, claim: Claim) -> None:
        self._releases.add(claim)
        self._must_release.set()

    def _release_for_ever(self) -> None:
        while True:
            self._must_release.wait()
            self._must_release.clear()
            while len(self._releases):
                try:
                    self._release_pending(BATCH_NAMES)
                except BrokerUnavailable:
                    gevent.sleep(RETRY_SECONDS)
                except Exception:
                    log.exception("names could not be released")
                    gevent.sleep(RETRY_SECONDS)
                self._releases.forget_ended()

    def _release_pending(self, most: int) -> None:
        batch = self._releases.first(most)
        self._presence.release(self._leases(batch))
        self._releases.settle(batch)

    def _leases(self, claims: Iterable[Claim]) -> list[Lease]:
        return [(name, Holder(self._worker, connection)) for name, connection in claims]

"""Which workers the cluster has: each holds a lease on its own id as long as it lives.

A worker that ended is listed until its lease is over; sending to its mailbox shows that it does not listen.
"""

import logging

import gevent

from app.realtime.broker.base import Broker, BrokerUnavailable
from app.realtime.presence import Holder, make_presence

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
RENEW_SECONDS = 5.0
MOST_WORKERS = 1000


class ClusterMembership:
    def __init__(self, broker: Broker) -> None:
        self._presence = make_presence(broker, LEASE_SECONDS, "workers")
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self, worker: str) -> None:
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._stay, [(worker, Holder(worker, "worker"))])

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def workers(self) -> list[str]:
        """Their ids, at most a thousand; raises BrokerUnavailable."""
        return self._presence.names(MOST_WORKERS)

    def _stay(self, lease: list[tuple[str, Holder]]) -> None:
        while True:
            try:
                self._presence.renew(lease)
            except BrokerUnavailable:
                pass  # the next attempt follows soon
            except Exception:
                log.exception("this worker could not be listed")
            gevent.sleep(RENEW_SECONDS)

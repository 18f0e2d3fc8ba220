"""Rate limits, counted in Redis, or in the worker without Redis and while it is away.

Limits are written as `10/minute` (the notation of the `limits` library).
"""

import logging
from contextlib import suppress
from math import ceil
from time import time

from flask import Flask, request
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from app.errors import RateLimited
from app.extensions import Part, engine, engine_part
from app.realtime.broker.base import BrokerUnavailable
from app.web.limits_storage import BrokerStorage, WorkerStorage
from config.environment import ConfigurationError

log = logging.getLogger(__name__)

KINDS = ("LOGIN", "LOGIN_ADDRESS", "CREDENTIALS", "PUBLISH", "STREAMS")


class Limiter:
    """Counts hits per kind and key in `shared`, or in this worker."""

    def __init__(self, shared: Storage | None, rates: dict[str, str]) -> None:
        self._rates: dict[str, RateLimitItem] = {kind: parse(rate) for kind, rate in rates.items()}
        self._local: RateLimiter = FixedWindowRateLimiter(WorkerStorage())
        self._shared = self._local if shared is None else FixedWindowRateLimiter(shared)

    def is_over(self, kind: str, key: str) -> bool:
        """Counts one hit; whether it is over the limit."""
        rate = self._rates[kind]
        try:
            return not self._shared.hit(rate, kind, key)
        except BrokerUnavailable:
            log.warning("rate limits are counted in this worker: Redis is away")
            return not self._local.hit(rate, kind, key)

    def forgive(self, kind: str, key: str) -> None:
        """Clears the hits of the key."""
        for limiter in {self._shared, self._local}:
            with suppress(BrokerUnavailable):
                limiter.clear(self._rates[kind], kind, key)

    def headers(self, kind: str, key: str) -> dict[str, str]:
        """The headers for a client that is over the limit; times in seconds."""
        rate = self._rates[kind]
        try:
            stats = self._shared.get_window_stats(rate, kind, key)
        except BrokerUnavailable:
            stats = self._local.get_window_stats(rate, kind, key)
        wait = str(max(1, ceil(stats.reset_time - time())))
        return {
            "Retry-After": wait,
            "RateLimit-Limit": str(rate.amount),
            "RateLimit-Remaining": str(stats.remaining),
            "RateLimit-Reset": wait,
        }


limiter_part: Part[Limiter | None] = Part("limits")


def init_app(app: Flask) -> None:
    limiter_part.bind(app, _make_limiter(app) if app.config["RATELIMIT_ENABLED"] else None)


def _make_limiter(app: Flask) -> Limiter:
    rates = {kind: app.config[f"RATELIMIT_{kind}"] for kind in KINDS}
    broker = engine_part.of(app).broker
    shared = None if broker.store is None else BrokerStorage(broker.store, broker.prefix)
    try:
        return Limiter(shared, rates)
    except ValueError as error:
        raise ConfigurationError([f"RATELIMIT_{'|'.join(KINDS)}: {error}"]) from error


def is_over(kind: str, key: str) -> bool:
    limiter = limiter_part.current
    if limiter is None:
        return False
    engine.start()
    return limiter.is_over(kind, key)


def limit(kind: str, key: str) -> None:
    """Counts one hit of `key`; raises RateLimited when it is over the limit."""
    limiter = limiter_part.current
    if limiter is not None and is_over(kind, key):
        raise RateLimited(headers=limiter.headers(kind, key))


def forgive(kind: str, key: str) -> None:
    """Clears the hits of a key that proved to be no attacker's."""
    limiter = limiter_part.current
    if limiter is not None:
        limiter.forgive(kind, key)


def limit_login(name: str) -> None:
    """Counts an attempt to log in or register: by the caller's address and `name`, and by the address alone.

    The second limit is against one password that is tried on many names.
    """
    limit("LOGIN_ADDRESS", str(request.remote_addr))
    limit("LOGIN", f"{request.remote_addr} {name.lower()[:254]}")

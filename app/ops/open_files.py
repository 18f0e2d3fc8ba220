"""The limit on open files. Every stream and socket uses a descriptor; without free ones every part fails."""

import logging
import resource

log = logging.getLogger(__name__)

RESERVE = 256


def connections_allowed(wanted: int) -> int:
    """The number of streams and sockets that this process may hold together: `wanted`, or fewer where the
    limit on open files requires it. A reserve is kept for requests, the database and Redis. Raises the soft
    limit to the hard one first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or soft < hard:
        target = wanted + RESERVE if hard == resource.RLIM_INFINITY else hard
        soft = max(soft, target)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    allowed = min(wanted, soft - min(RESERVE, soft // 4))
    if allowed < wanted:
        log.info(
            "streams and sockets of a worker are limited to %d together by that on open files (ulimit -n)",
            allowed,
        )
    return allowed

"""The hub and what it is measured beside. One file each; the contract is in `base.py`."""

from benchmarks.rivals.base import Server
from benchmarks.rivals.better_sse import BetterSse
from benchmarks.rivals.centrifugo import Centrifugo
from benchmarks.rivals.flask_queue import FlaskQueue
from benchmarks.rivals.floor import Floor
from benchmarks.rivals.hub import HubOverRedis, MeasuredHub
from benchmarks.rivals.mercure import Mercure
from benchmarks.rivals.nchan import Nchan
from benchmarks.rivals.sse_starlette import SseStarlette

SERVERS: dict[str, type[Server]] = {
    server.key: server
    for server in (
        Floor,
        MeasuredHub,
        HubOverRedis,
        Nchan,
        BetterSse,
        FlaskQueue,
        SseStarlette,
        Mercure,
        Centrifugo,
    )
}

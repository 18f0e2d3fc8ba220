"""The schemas of what operators see of the cluster; worker.py and totals.py build the objects."""

from collections.abc import Mapping

from app.apidocs.json_schema import (
    Object,
    Schema,
    array,
    nullable,
    number,
    text,
    time,
    truth,
    whole,
)

Properties = Mapping[str, Schema | Object]

WORKER_ID = "b3c1f7a2d4e59608"
NUMBERS = {"type": "object", "additionalProperties": {"type": "integer"}}
FRAMES = Object("FrameCounts", {"in": whole(120), "out": whole(340)})
COMPLETENESS: Properties = {
    "partial": truth(False, "Whether workers are missing here; always so while the broker is away"),
    "silent": array(text(WORKER_ID), "Workers that did not answer within a second"),
}
COUNTED: Properties = {
    "streams": whole(1200),
    "sockets": whole(85),
    "topics": whole(310, "With subscribers"),
    "published": whole(45_210, "Events, since the worker began"),
    "delivered": whole(812_000, "Events handed over to streams, since the worker began"),
    "frames": FRAMES,
    "lag": number(0.0008, "Seconds that an event takes from the broker; of several workers the worst"),
    "outbox": whole(0, "Events that wait for the broker"),
}
MEMORY = nullable(whole(96_468_992, "Resident bytes; null where the system does not tell"))
WORKER = Object(
    "Worker",
    {
        "id": text(WORKER_ID),
        "pid": whole(4711),
        "host": text("hub-1"),
        "uptime": number(86_400.5, "Seconds"),
        "memory": MEMORY,
        **COUNTED,
        "canary_age": number(0.6, "Seconds: events that were published earlier have reached this worker"),
        "draining": truth(False, "It is about to end"),
    },
)
KINDS: Schema = {**NUMBERS, "examples": [{"constellation": 1100, "inbox": 100}]}
STATS = Object(
    "ClusterStats",
    {
        "workers": array(WORKER),
        "totals": Object("ClusterTotals", {"memory": whole(96_468_992), **COUNTED}),
        "streams_by_kind": KINDS,
        "stream_ends": {**NUMBERS, "examples": [{"client_gone": 5100, "token_expired": 12}]},
        "socket_ends": {**NUMBERS, "description": "By close code", "examples": [{"1001": 85}]},
        **COMPLETENESS,
    },
)
CONNECTION = Object(
    "Connection",
    {
        "name": text("dora", "Its `user_id`"),
        "worker": text(WORKER_ID),
        "since": time("2026-11-21T12:00:00Z"),
        "frames": FRAMES,
    },
)
CONNECTIONS = Object(
    "ClusterConnections",
    {
        "connections": array(CONNECTION, "By name"),
        "total": whole(1, "All with this prefix"),
        "next": nullable(text("dora", "The next `after`; null at the end")),
        "streams_by_kind": KINDS,
        **COMPLETENESS,
    },
)
TOPIC = Object(
    "TopicCounts",
    {
        "topic": text("constellation:5cec1d9e-6c5f-4c37-8d57-bd3f1d4c1a55"),
        "subscribers": whole(17, "Over all workers"),
        "events": whole(2400, "Since the topic began"),
        "workers": whole(2, "That have subscribers of it"),
    },
)
TOPICS = Object("ClusterTopics", {"topics": array(TOPIC), **COMPLETENESS})

"""All families of metrics, in the order of the exposition. No label is a topic or a user."""

from dataclasses import dataclass

from app.concepts.breaker import CLOSED
from app.concepts.meters import LONG_SECONDS, TaskMeters
from app.gateway.meters import GatewayMeters
from app.ops.connections import open_sockets
from app.ops.metrics.family import Family
from app.ops.metrics.process import ProcessStats
from app.ops.metrics.requests import RequestTimes
from app.realtime.engine import Engine


@dataclass(frozen=True, slots=True)
class MetricsSource:
    """The objects of a worker that its metrics are read from."""

    engine: Engine
    concepts: TaskMeters
    gateway: GatewayMeters
    requests: RequestTimes
    process: ProcessStats


SILENCE = "hub_worker_silence_seconds"
WORKERS = (
    Family("hub_workers", "gauge", "Worker processes.", lambda it: 1),
    Family("hub_resident_memory_bytes", "gauge", "Resident memory.", lambda it: it.process.resident_bytes()),
    Family("hub_open_fds", "gauge", "Open file descriptors.", lambda it: it.process.open_fds()),
    Family(
        "hub_open_fds_max",
        "gauge",
        "Open file descriptors of the worker that has the most.",
        lambda it: it.process.open_fds(),
        is_worst=True,
    ),
    Family(
        SILENCE,
        "gauge",
        "Age of the oldest snapshot of a worker; each worker writes one every second.",
        lambda it: 0.0,  # other workers set it: the age of this worker's snapshot
        is_worst=True,
    ),
)
REQUESTS = (
    Family(
        "hub_http_requests",
        "counter",
        "Requests by the rule of their route, method and status.",
        lambda it: it.requests.counts(),
        ("method", "route", "status"),
    ),
    Family(
        "hub_http_request_duration_seconds",
        "histogram",
        "From a request to the head of its response.",
        lambda it: it.requests.latencies(),
        ("method", "route"),
    ),
)
STREAMS = (
    Family("hub_streams", "gauge", "Open event streams.", lambda it: it.engine.hub.stream_count),
    Family(
        "hub_streams_opened",
        "counter",
        "Event streams opened.",
        lambda it: it.engine.hub.stream_count + it.engine.hub.ended.total(),
    ),
    Family(
        "hub_streams_ended",
        "counter",
        "Event streams ended, by the reason.",
        lambda it: it.engine.hub.ended,
        ("reason",),
    ),
    Family(
        "hub_streams_refused",
        "counter",
        "Event streams refused for a while, by the reason.",
        lambda it: it.engine.meters.refusals,
        ("reason",),
    ),
    Family(
        "hub_stream_reconnections",
        "counter",
        "Event streams opened with a cursor.",
        lambda it: it.engine.meters.reconnections,
    ),
    Family(
        "hub_stream_verdicts",
        "counter",
        "Verdicts on the cursors of event streams: resumed, or why not.",
        lambda it: it.engine.meters.verdicts,
        ("verdict",),
    ),
    Family(
        "hub_stream_written_bytes",
        "counter",
        "Bytes written to event streams.",
        lambda it: it.engine.hub.written(),
    ),
)
EVENTS = (
    Family(
        "hub_topics",
        "gauge",
        "Topics subscribed, once for each worker.",
        lambda it: len(it.engine.hub.topics),
    ),
    Family(
        "hub_events_published",
        "counter",
        "Events published, and those accepted into the outbox.",
        lambda it: it.engine.meters.published,
    ),
    Family(
        "hub_publish_failures",
        "counter",
        "Events refused because the broker was unavailable.",
        lambda it: it.engine.meters.publish_failures,
    ),
    Family(
        "hub_events_delivered",
        "counter",
        "Events handed over to event streams.",
        lambda it: it.engine.dispatcher.delivered,
    ),
    Family("hub_outbox_events", "gauge", "Events waiting for the broker.", lambda it: len(it.engine.outbox)),
    Family(
        "hub_outbox_dropped",
        "counter",
        "Events that the full outbox dropped; their topics are reset.",
        lambda it: it.engine.outbox.dropped,
    ),
)
BROKER = (
    Family(
        "hub_broker_connected",
        "gauge",
        "Workers that are connected to the broker.",
        lambda it: int(it.engine.broker.is_connected),
    ),
    Family(
        "hub_broker_round_trip_seconds",
        "histogram",
        "Round trips of pings, which queue behind the events on their way to a worker.",
        lambda it: it.engine.broker.round_trips,
    ),
    Family(
        "hub_broker_lag_seconds",
        "gauge",
        "The last of these round trips, of the worst worker.",
        lambda it: it.engine.broker.lag,
        is_worst=True,
    ),
    Family(
        "hub_broker_silence_seconds",
        "gauge",
        "Since the last message from the broker, of the worst worker.",
        lambda it: it.engine.broker.silence,
        is_worst=True,
    ),
    Family(
        "hub_canary_lag_seconds",
        "gauge",
        "From the publish of a canary to its dispatch, of the slowest worker; one is sent every second.",
        lambda it: it.engine.canary.lag,
        is_worst=True,
    ),
    Family(
        "hub_canary_age_seconds",
        "gauge",
        "Since the publish of the newest canary that arrived, of the worst worker.",
        lambda it: it.engine.canary.age,
        is_worst=True,
    ),
    Family(
        "hub_canary_rescues",
        "counter",
        "Reconnections of workers whose canaries did not arrive.",
        lambda it: it.engine.canary.rescues,
    ),
    Family(
        "hub_mail_dropped",
        "counter",
        "Messages from worker to worker that were lost, or that the other worker could not handle.",
        lambda it: it.engine.mailbox.dropped,
    ),
)
SOCKETS = (
    Family("hub_sockets", "gauge", "Open WebSockets.", lambda it: open_sockets(it.engine)),
    Family(
        "hub_sockets_ended",
        "counter",
        "WebSockets ended, by close code.",
        lambda it: it.engine.meters.socket_ends,
        ("code",),
    ),
    Family(
        "hub_frames",
        "counter",
        "WebSocket messages.",
        lambda it: {"in": it.engine.meters.frames_in, "out": it.engine.meters.frames_out},
        ("direction",),
    ),
    Family(
        "hub_frame_bytes",
        "counter",
        "Bytes of WebSocket messages.",
        lambda it: {"in": it.engine.meters.frame_bytes_in, "out": it.engine.meters.frame_bytes_out},
        ("direction",),
    ),
    Family(
        "hub_frames_limited",
        "counter",
        "WebSocket messages over the rate that a connection may send.",
        lambda it: it.engine.meters.frames_limited,
    ),
    Family(
        "hub_frames_unclaimed",
        "counter",
        "Answers for which no request was pending.",
        lambda it: it.gateway.frames_unclaimed,
    ),
    Family(
        "hub_message_errors",
        "counter",
        "WebSocket messages that could not be processed.",
        lambda it: it.engine.meters.message_errors,
    ),
    Family(
        "hub_deliveries",
        "counter",
        "Messages pushed to connected users, by outcome.",
        lambda it: it.gateway.deliveries,
        ("outcome",),
    ),
    Family(
        "hub_replies",
        "counter",
        "Requests to connected users, by outcome.",
        lambda it: it.gateway.replies,
        ("outcome",),
    ),
    Family(
        "hub_reply_seconds",
        "histogram",
        "From a request to its first answer.",
        lambda it: it.gateway.reply_seconds,
    ),
)
TASKS = (
    Family(
        "hub_task_calls",
        "counter",
        "Calls to the task service, by outcome.",
        lambda it: it.concepts.calls,
        ("outcome",),
    ),
    Family(
        "hub_task_call_seconds",
        "histogram",
        "Calls to the task service.",
        lambda it: it.concepts.call_seconds,
    ),
    Family(
        "hub_tasks_finished",
        "counter",
        "Tasks of concepts that ended, by their status.",
        lambda it: it.concepts.finished,
        ("status",),
    ),
    Family(
        "hub_task_processing_seconds",
        "histogram",
        "From a submission to the end of its task.",
        lambda it: it.concepts.processing_seconds,
        bounds=LONG_SECONDS,
    ),
    Family(
        "hub_tasks_held",
        "gauge",
        "Unfinished tasks that workers hold.",
        lambda it: it.concepts.held,
    ),
    Family(
        "hub_tasks_waiting",
        "gauge",
        "Tasks that are due while all calls to the task service are in use.",
        lambda it: it.concepts.waiting,
    ),
    Family(
        "hub_task_breakers_open",
        "gauge",
        "Workers whose circuit breaker for the task service is open.",
        lambda it: int(it.concepts.breaker != CLOSED),
    ),
)
FAMILIES = (*WORKERS, *REQUESTS, *STREAMS, *EVENTS, *BROKER, *SOCKETS, *TASKS)
LASTING = tuple(family for family in FAMILIES if family.kind != "gauge")
"""The families whose numbers outlive their worker."""

"""Judges the measurements of `probe`: does a proxy buffer the streams?"""

from collections.abc import Iterator

import click
from flask import current_app

from app.cli.doctor import probe
from app.cli.doctor.findings import Finding, Level, fine, judged, odd, wrong
from app.cli.doctor.probe import EVENTS, FIRST_SECONDS, GAP_SECONDS, Timeline
from app.cli.remote import HubClient
from app.cli.terminal import duration, plain

NGINX = (
    "nginx, where streams pass: `proxy_buffering off; proxy_http_version 1.1; gzip off;`, and no"
    " `proxy_ignore_headers X-Accel-Buffering` (see deploy/nginx.conf; for other proxies"
    " docs/operate/deploying.md)."
)
SLOW_TIMES, SLOW_SECONDS = 5.0, 0.25


def streams(hub: HubClient, direct: HubClient | None, waits_for_heartbeat: bool) -> Iterator[Finding]:
    reference = None
    if direct is not None:
        reference, finding = _direct(direct)
        yield finding
        if finding.level is Level.FAILURE:
            return
    try:
        line = probe.take(hub, current_app.config["HEARTBEAT_SECONDS"] if waits_for_heartbeat else 0)
    except click.ClickException as error:
        yield wrong("stream", plain(error.message), "Compare with what /sse answers past the proxy.")
        return
    yield from _judge(line, reference)
    if waits_for_heartbeat and not line.is_held_back:
        yield _heartbeat(line)


def _direct(hub: HubClient) -> tuple[Timeline | None, Finding]:
    """The measurement of the same hub without a proxy, for comparison."""
    try:
        line = probe.take(hub)
    except click.ClickException as error:
        advice = "Without it there is nothing to compare with; start the hub, or run this where it runs."
        return None, odd("direct", plain(error.message), advice)
    if line.is_held_back or line.is_lump:
        advice = (
            "Nothing stands between here and there: the hub itself is overloaded. See `stats` and its log."
        )
        return line, wrong("direct", f"{hub.url}: {_events(line)}", advice)
    return line, fine("direct", f"{hub.url}: first byte after {duration(line.first or 0)}, {_events(line)}")


def _judge(line: Timeline, reference: Timeline | None) -> Iterator[Finding]:
    if line.head is None:
        yield wrong("stream", "not even the head of the answer came while the stream was open", NGINX)
        return
    yield _answer(line)
    yield _first(line, reference)
    compression = line.headers.get("content-encoding", "identity")
    if compression != "identity":
        advice = (
            "Compressing waits for more to compress: `gzip off;` for text/event-stream (no gzip_types of it)."
        )
        yield odd("compression", f"the stream is compressed ({plain(compression)})", advice)
    else:
        yield fine("compression", "none")
    yield _buffering(line, reference)


def _answer(line: Timeline) -> Finding:
    kept = line.headers.get("cache-control", "")
    seen = f"{line.status}, {plain(line.headers.get('content-type'))}, HTTP/{line.version / 10}"
    if "x-accel-buffering" in line.headers:
        seen += f", X-Accel-Buffering: {plain(line.headers['x-accel-buffering'])}"
    advice = "Let the proxy pass on Cache-Control as it is: a cache may keep streams otherwise."
    return judged("stream", seen, advice, "no-store" not in kept)


def _first(line: Timeline, reference: Timeline | None) -> Finding:
    if line.first is None or line.first > FIRST_SECONDS:
        return wrong(
            "first byte", f"nothing within {FIRST_SECONDS:g} s, though the hub writes at once", NGINX
        )
    seen, advice = f"after {duration(line.first)}", "See what the proxy does meanwhile: its log has times."
    if reference is None or reference.first is None:
        return fine("first byte", seen)
    is_slow = line.first > max(SLOW_SECONDS, SLOW_TIMES * reference.first)
    return judged("first byte", f"{seen}, direct {duration(reference.first)}", advice, is_slow)


def _buffering(line: Timeline, reference: Timeline | None) -> Finding:
    seen = _events(line)
    if line.is_held_back or line.is_lump:
        return wrong("buffering", seen, NGINX)
    advice = "Something holds events back for a while, or the way is slow: compare from other places."
    if reference is None:
        return judged("buffering", seen, advice, line.delay > GAP_SECONDS)
    is_slow = line.delay > max(SLOW_SECONDS, SLOW_TIMES * reference.delay)
    return judged("buffering", f"{seen}, direct {duration(reference.delay)}", advice, is_slow)


def _events(line: Timeline) -> str:
    if not line.came:
        return f"none of {EVENTS} events came"
    if line.is_held_back:
        late = "when the stream had ended" if len(line.came) == EVENTS else "at all"
        return f"{len(line.came)} of {EVENTS} events came {late}: they were held back"
    if line.is_lump:
        return f"{EVENTS} events that were sent one by one came in one lump"
    return f"{EVENTS} events came one by one, each after {duration(line.delay)}"


def _heartbeat(line: Timeline) -> Finding:
    if line.heartbeat is not None:
        return fine("heartbeat", f"one came after {line.heartbeat:.1f} s of silence")
    how = "the stream was cut off" if line.ended is not None else "none came"
    advice = (
        "Let the proxy allow more silence than HEARTBEAT_SECONDS (nginx: `proxy_read_timeout 75s;`), or set"
        " that lower."
    )
    return wrong("heartbeat", f"{how} before a heartbeat", advice)

"""Checks the hub at the URL of its clients: do the proxies before it pass on what streams and sockets
need?"""

import base64
import secrets
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urlsplit

import click
from flask import current_app

from app.cli.doctor import clocks
from app.cli.doctor.buffering import streams
from app.cli.doctor.findings import Finding, fine, first_line, judged, odd, wrong
from app.cli.remote import ANSWER_SECONDS, HubClient, HubUnreachable, object_of
from app.cli.terminal import plain
from config.base import is_loopback

EXPIRING_DAYS = 14
STRANGER = "doctor.invalid"  # a name that never resolves (RFC 6761)
SERVER = "gunicorn"
NGINX = "see deploy/nginx.conf"


def check(hub: HubClient, direct: HubClient | None, waits_for_heartbeat: bool) -> Iterator[Finding]:
    """`direct` is the same hub without the proxy, where it can be reached from this machine."""
    try:
        before = time()
        answer = hub.request("GET", "/health/live", timeout=ANSWER_SECONDS)
    except HubUnreachable as error:
        yield wrong("reachable", plain(error.message), "Try the address with `curl -v`.")
        return
    if not answer.ok or answer.is_redirect or object_of(answer).get("status") != "live":
        advice = "That is no hub: the path may lead elsewhere, or the proxy can't reach it (its error log)."
        yield wrong("reachable", plain(hub.refusal(answer).message), advice)
        return
    server = plain(answer.headers.get("Server", "nobody"))
    yield fine("reachable", f"{hub.url} answers, as {server}")
    if "Date" in answer.headers:
        theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        yield clocks.compared("clock", theirs, before, time(), grain=1.0)
    yield from _transport(hub)
    yield from streams(hub, direct, waits_for_heartbeat)
    yield from _socket(hub, is_proxied=not server.startswith(SERVER))


def _transport(hub: HubClient) -> Iterator[Finding]:
    parts = urlsplit(hub.url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        advice = f"Serve https ({NGINX}): tokens can be read on the way."
        yield judged("TLS", "plain http", advice, not is_loopback(f"{host}:0"))
        return
    context = ssl.create_default_context(cafile=hub.ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((host, parts.port or 443), ANSWER_SECONDS) as raw,
            context.wrap_socket(raw, server_hostname=host) as secured,
        ):
            version, protocol = secured.version(), secured.selected_alpn_protocol()
            certificate = secured.getpeercert() or {}
    except OSError as error:
        yield wrong("TLS", first_line(error), "Try it with `openssl s_client`.")
        return
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    seen = f"{version}, the certificate is good for {days} days"
    yield judged("TLS", seen, "Renew it, and see why that did not happen by itself.", days < EXPIRING_DAYS)
    if protocol == "h2":
        yield fine("HTTP", "browsers get HTTP/2")
    else:
        advice = (
            f"Offer HTTP/2 (nginx: `listen 443 ssl http2`; {NGINX}): over HTTP/1.1 a browser opens six"
            " connections, and six streams block its pages."
        )
        yield odd("HTTP", "browsers get HTTP/1.1", advice)


def _socket(hub: HubClient, is_proxied: bool) -> Iterator[Finding]:
    """Needs no credentials: a handshake without a name is accepted, and the socket is closed right after
    it."""
    parts = urlsplit(hub.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    try:
        status = _shake_hands(hub, {"Origin": origin})
        yield _handshake(status, origin)
        stranger = {
            "Origin": f"https://{STRANGER}",
            "X-Forwarded-Host": STRANGER,
            "X-Forwarded-Proto": "https",
        }
        is_fooled = status == 101 and _shake_hands(hub, stranger) == 101
    except click.ClickException as error:
        yield wrong("WebSocket", plain(error.message), "Let the proxy pass on upgrades on /ws.")
        return
    yield from _proxies(is_proxied, is_fooled)


def _handshake(status: int, origin: str) -> Finding:
    if status == 101:
        return fine("WebSocket", "/ws is upgraded, also for a page of this address")
    if status == 403:
        advice = (
            "The hub does not know that this is its own address: let the proxy set X-Forwarded-Host and"
            f" X-Forwarded-Proto, and set TRUSTED_PROXIES=1 ({NGINX}); or name {origin} in CORS_ORIGINS."
        )
        return wrong("WebSocket", "pages of this very address are refused", advice)
    advice = (
        "nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection"
        f' "upgrade";` on /ws ({NGINX}).'
    )
    return wrong("WebSocket", f"the handshake on /ws is answered {status}, not 101", advice)


def _shake_hands(hub: HubClient, headers: dict[str, str]) -> int:
    """The status of the response to a WebSocket handshake (RFC 6455, 4.1)."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key,
    }
    answer = hub.request("GET", "/ws", headers=upgrade | headers, stream=True, timeout=ANSWER_SECONDS)
    answer.close()
    return answer.status_code


def _proxies(is_proxied: bool, is_fooled: bool) -> Iterator[Finding]:
    trusted = current_app.config["TRUSTED_PROXIES"]
    if is_fooled:
        advice = (
            "Let the proxy replace X-Forwarded-For, -Proto and -Host, never pass them on or add to them"
            f" ({NGINX}); where there is none, set TRUSTED_PROXIES=0."
        )
        yield wrong("proxies", "what clients say in X-Forwarded-… headers is believed", advice)
    elif is_proxied and not trusted:
        advice = "Set TRUSTED_PROXIES=1: until then all clients share the limits of the proxy's address."
        yield odd("proxies", "one stands before the hub, and TRUSTED_PROXIES is 0", advice)
    else:
        seen = f"{trusted} believed" if trusted else "none, and none is believed"
        yield fine("proxies", f"{seen}; clients can't pretend to be others")

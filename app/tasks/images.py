"""Fetching an image from a URL of a client, without reaching addresses that clients must not (SSRF).

The name is resolved once, all its addresses must be allowed, and the connection goes to an address that was
checked, so that the name can't lead to another machine a moment later (DNS rebinding). Each redirect is
checked like the first URL. Size and time are bounded while reading. Proxies of the environment are not used:
they would resolve the name again.
"""

import base64
import binascii
import http.client
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import gevent

from app.retrying import parse_retry_after
from app.tasks.addresses import Address, is_public, parse_literal
from app.tasks.failures import TaskFailure, TryAgain
from app.tasks.incoming import Response

MOST_BYTES = 10 * 1024 * 1024
MOST_REDIRECTS = 5
CONNECT_SECONDS, SILENCE_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 25.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# After these another attempt may succeed (RFC 9110, RFC 6585).
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
# The types of servers that do not know the format; Pillow detects it.
UNSPECIFIED_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})
HEADERS = {
    "Accept": "image/*",
    "Accept-Encoding": "identity",
    "User-Agent": "hub-tasks/1",
    "Connection": "close",
}
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f\\]")
_AS_IT_IS = "%/:=&?~#+!$,;'@()*[]"  # not quoted in a path or query

Resolve = Callable[[str, int], list[Address]]
Allows = Callable[[Address], bool]


class FetchTarget(NamedTuple):
    """The parts of an http(s) URL that a request needs; `host` is ASCII, without brackets."""

    is_secure: bool
    host: str
    port: int
    path: str


def check_url(url: str, allows: Allows = is_public) -> None:
    """Raises TaskFailure for a URL that is never fetched. Connecting checks the addresses of a name."""
    if url[:5].lower() == "data:":
        if "," not in url:
            raise TaskFailure("The data: URL has no data")
        return
    literal = parse_literal(parse_url(url).host)
    if literal is not None and not allows(literal):
        raise TaskFailure("The image is at an address that is not allowed")


def parse_url(url: str) -> FetchTarget:
    """The parts of a plain http(s) URL; raises TaskFailure for any other."""
    if _NOT_IN_A_URL.search(url):
        raise TaskFailure("The URL of the image contains characters that no URL has")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
        path = quote(parts.path or "/", safe=_AS_IT_IS)
        query = "?" + quote(parts.query, safe=_AS_IT_IS) if parts.query else ""
    except ValueError as error:
        raise TaskFailure("The URL of the image is malformed") from error
    if parts.scheme not in {"http", "https"}:
        raise TaskFailure("The URL of the image must begin with http:, https: or data:")
    if not host:
        raise TaskFailure("The URL of the image names no host")
    if "@" in parts.netloc:
        raise TaskFailure("The URL of the image must not contain credentials")
    is_secure = parts.scheme == "https"
    return FetchTarget(is_secure, host, port or (443 if is_secure else 80), path + query)


def _join(url: str, location: str) -> str:
    """The target of a redirect (RFC 9110, 10.2.2)."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise TaskFailure("The URL of the image redirects to a malformed one") from error


def read_data_url(url: str) -> bytes:
    """The data of a data: URL (RFC 2397); raises TaskFailure."""
    head, comma, text = url.partition(",")
    if not comma:
        raise TaskFailure("The data: URL has no data")
    is_base64 = head.lower().endswith(";base64")
    if len(text) > MOST_BYTES * (4 if is_base64 else 3):  # even if every byte is written as %XX
        raise _too_large()
    data = unquote_to_bytes(text)
    if is_base64:
        data = b"".join(data.split()).rstrip(b"=")
        try:
            data = base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)
        except binascii.Error as error:
            raise TaskFailure("The data: URL is not valid base64") from error
    if len(data) > MOST_BYTES:
        raise _too_large()
    return data


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a name, from the system's resolver; raises TaskFailure or TryAgain."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        if getattr(error, "errno", None) == socket.EAI_AGAIN:
            raise TryAgain("The host of the image can't be looked up now") from error
        raise TaskFailure("The host of the image is not known") from error
    return [ip_address(text) for text in dict.fromkeys(str(info[4][0]) for info in found)]


@dataclass(frozen=True)
class Fetcher:
    """Reads images from data:, http: and https: URLs. `allows` decides to which addresses it may connect."""

    allows: Allows = is_public
    resolve: Resolve = resolve
    total_seconds: float = TOTAL_SECONDS
    silence_seconds: float = SILENCE_SECONDS
    context: ssl.SSLContext | None = None

    def fetch(self, url: str) -> bytes:
        """The body, at most 10 MiB; raises TaskFailure, and TryAgain where another attempt may succeed."""
        check_url(url, self.allows)
        if url[:5].lower() == "data:":
            return read_data_url(url)
        late = gevent.Timeout(self.total_seconds)
        try:
            with late:
                return self._follow(url)
        except gevent.Timeout as timeout:
            if timeout is not late:
                raise
            raise TryAgain(f"The image did not arrive within {self.total_seconds:g} seconds") from timeout

    def _follow(self, url: str) -> bytes:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(parse_url(url))
            if isinstance(answer, bytes):
                return answer
            url = _join(url, answer.location)
        raise TaskFailure(f"The URL of the image redirects more than {MOST_REDIRECTS} times")

    def _ask(self, target: FetchTarget) -> "bytes | Redirect":
        """One request to one checked address."""
        try:
            with closing(self._connect(target)) as connection:
                connection.request("GET", target.path, headers=HEADERS)
                return _read(connection.getresponse())
        except ssl.SSLCertVerificationError as error:
            raise TaskFailure("The certificate of the image's host is not valid") from error
        except (OSError, http.client.IncompleteRead) as error:
            raise TryAgain("The image's host can't be reached or broke off") from error
        except (http.client.HTTPException, ValueError) as error:  # the latter for a chunk of -5 bytes
            raise TaskFailure("The image's host does not speak HTTP") from error

    def _connect(self, target: FetchTarget) -> http.client.HTTPConnection:
        """A connection whose socket is open, so that http.client does not resolve the name again."""
        sock = self._open(target)
        connection: http.client.HTTPConnection
        try:
            sock.settimeout(self.silence_seconds)
            if target.is_secure:
                context = self.context or _default_context()
                sock = context.wrap_socket(sock, server_hostname=target.host)
                connection = http.client.HTTPSConnection(target.host, target.port, context=context)
            else:
                connection = http.client.HTTPConnection(target.host, target.port)
        except BaseException:
            sock.close()
            raise
        connection.response_class = Response
        connection.auto_open = 0
        connection.sock = sock
        return connection

    def _open(self, target: FetchTarget) -> socket.socket:
        """Connects to the first address that answers. Raises TaskFailure where one of them is not allowed."""
        addresses = self.resolve(target.host, target.port)
        if not all(map(self.allows, addresses)):
            raise TaskFailure("The image is at an address that is not allowed")
        problem: OSError = ConnectionError("the name has no address")
        for address in addresses:
            try:
                return socket.create_connection((str(address), target.port), CONNECT_SECONDS)
            except OSError as error:
                problem = error
        raise problem


class Redirect(NamedTuple):
    location: str


def _read(response: http.client.HTTPResponse) -> bytes | Redirect:
    location = response.headers.get("Location")
    if response.status in REDIRECTS and location:
        return Redirect(location)
    _check_head(response)
    data = bytearray()
    while part := response.read(64 * 1024):
        data += part
        if len(data) > MOST_BYTES:
            raise _too_large()
    if response.length:  # the body is shorter than its Content-Length
        raise TryAgain("The image's host broke off in the middle of the image")
    return bytes(data)


def _check_head(response: http.client.HTTPResponse) -> None:
    """Raises TaskFailure or TryAgain where the status or the headers rule the body out."""
    if response.status in PASSING_STATUSES:
        after = parse_retry_after(response.headers.get("Retry-After"))
        raise TryAgain(f"The image's host answered {response.status}", after)
    if response.status != http.client.OK:
        raise TaskFailure(f"The image's host answered {response.status}")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in UNSPECIFIED_TYPES and not kind.startswith("image/"):
        raise TaskFailure("The URL leads to something that is not an image")
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        # The hub did not offer it, and a small body may unpack to a huge one.
        raise TaskFailure("The image's host answered with a compressed body that was not asked for")
    if response.length is not None and response.length > MOST_BYTES:
        raise _too_large()


def _too_large() -> TaskFailure:
    return TaskFailure(f"The image is larger than {MOST_BYTES // 1024 // 1024} MiB")


@cache
def _default_context() -> ssl.SSLContext:
    """Made once: reading the system's certificates takes a moment."""
    return ssl.create_default_context()

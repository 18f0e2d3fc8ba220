"""Taking over the socket that a request came on, as far as the server exposes it.

gunicorn's gevent worker puts its socket into the WSGI environment; its response object is found behind
`start_response`. Where both are those of plain HTTP/1.x, the socket can be taken over, and the request ends
without another byte. Any other server (TLS ended by gunicorn, HTTP/2, the test client) keeps its socket.
"""

import _socket
import select
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import gevent.socket
from gevent import monkey

try:
    from gunicorn.http.wsgi import Response as GunicornResponse
except ImportError:  # another server
    GunicornResponse = None

UNSENT_BYTES = 128 * 1024
VANISHED_MILLISECONDS = 60_000
RESPONSE = "hub.response"

_poll: Callable[[], Any] = monkey.get_original("select", "poll")


def shut_down(fd: int, how: int) -> None:
    """shutdown(2) of a descriptor that may be gone. gevent's own would wake its waiters with an error."""
    with suppress(OSError, ValueError):  # ValueError: it is -1
        sock = _socket.socket(fileno=fd)
        try:
            sock.shutdown(how)
        finally:
            sock.detach()


class ExposeResponse:
    """WSGI middleware (PEP 3333): remembers the object that `start_response` belongs to."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[RESPONSE] = getattr(start_response, "__self__", None)
        return self._application(environ, start_response)


class RequestSocket:
    """`sock` is None where the server does not expose it; `file` is what it reads requests from."""

    def __init__(
        self, sock: Any = None, response: Any = None, can_be_taken: bool = False, file: Any = None
    ) -> None:
        self._socket = sock
        self._response = response
        self._file = file
        self.can_be_taken = can_be_taken

    @classmethod
    def of(cls, environ: dict[str, Any]) -> "RequestSocket":
        sock = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        response = environ.get(RESPONSE)
        can_be_taken = (
            GunicornResponse is not None
            and type(response) is GunicornResponse
            and type(sock) is gevent.socket.socket
            and environ.get("REQUEST_METHOD") != "HEAD"
        )
        return cls(sock, response, can_be_taken, environ.get("wsgi.input"))

    def announce(self) -> None:
        """Before the head is sent: the connection will not be used again (`Connection: close`)."""
        self._response.force_close()

    def take(self) -> tuple[int, bool]:
        """The descriptor, which the caller owns now, and whether the body is chunked."""
        with suppress(OSError):  # not a TCP socket
            # Unsent bytes wait here, where they are bounded and counted, and not in the kernel.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            # A client that vanished without a FIN does not acknowledge heartbeats.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MILLISECONDS)
        return self._socket.detach(), self._response.chunked

    def take_unread(self) -> bytes:
        """Bytes that arrived behind the request: the server has read them, and no other code will."""
        if hasattr(self._response, "req"):  # gunicorn
            early: bytes = self._response.req.unreader.take_buffered()
            return early
        if self._socket is None or not hasattr(self._file, "peek"):
            return b""
        timeout = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            early = self._file.read(len(self._file.peek()))
        finally:
            self._socket.settimeout(timeout)
        return early

    def is_gone(self) -> bool:
        """Whether it hung up or closed its half (as in nginx, a half-close counts as gone)."""
        if self._socket is None or self._socket.fileno() < 0:
            return False
        poll = _poll()
        poll.register(self._socket.fileno(), select.POLLRDHUP)
        return bool(poll.poll(0))

    def shut(self) -> None:
        """Wakes a greenlet that is stuck in writing to it."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

"""Times each request to the head of its response, so that the length of a stream does not count.

The labels are rules of the application's routes and known methods: clients can't create series.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from app.realtime.meters import Histogram
from app.web.headers import BEGAN

REQUEST = "werkzeug.request"  # Werkzeug sets it
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
OTHER = "other"


class RequestTimes:
    """Seconds by method, route and status (of three digits)."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str, str], Histogram] = {}

    def note(self, method: str, route: str, status: str, seconds: float) -> None:
        key = (method if method in METHODS else OTHER, route, status)
        histogram = self.seconds.get(key)
        if histogram is None:
            histogram = self.seconds[key] = Histogram()
        histogram.observe(seconds)

    def counts(self) -> Counter[tuple[str, str, str]]:
        return Counter({key: sum(histogram.counts) for key, histogram in self.seconds.items()})

    def latencies(self) -> dict[tuple[str, str], Histogram]:
        """By method and route."""
        found: dict[tuple[str, str], Histogram] = {}
        for (method, route, _), histogram in self.seconds.items():
            found.setdefault((method, route), Histogram()).add(histogram)
        return found


class RequestTimer:
    """WSGI middleware (PEP 3333) directly around Flask's application; it costs a fraction of Flask's
    hooks."""

    def __init__(self, application: Callable[..., Iterable[bytes]], requests: RequestTimes) -> None:
        self._application = application
        self._requests = requests

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, *arguments: Any) -> Any:
            request = environ[REQUEST]
            rule = request.url_rule
            route = UNMATCHED if rule is None else rule.rule
            self._requests.note(request.method, route, status[:3], monotonic() - environ[BEGAN])
            return start_response(status, *arguments)

        return self._application(environ, start)

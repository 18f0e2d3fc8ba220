"""gunicorn's own log lines."""

from gunicorn import glogging


class ErrorLogger(glogging.Logger):  # type: ignore[misc]
    """Logs no requests: gunicorn's lines would hold query strings, and with them tokens. The hub logs its
    requests itself (`ACCESS_LOG`)."""

    def access(self, resp: object, req: object, environ: object, request_time: object) -> None:
        pass

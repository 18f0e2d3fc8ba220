"""Commands whose --url names a server of HTTP and JSON that is not a hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from gevent.pywsgi import WSGIServer

Run = Callable[..., Result]
COMMANDS = [
    ("stats",),
    ("publish", "recipient:dora", "hello", "--new"),
    ("publish", "recipient:dora", "hello"),
    ("publish", "Demo", "hello"),
    ("watch", "Demo"),
    ("ask", "echo_bot", "hello"),
]
ALL = [*COMMANDS, *((*command, "--token", "x") for command in COMMANDS), ("doctor",)]


@pytest.fixture(params=["{}", "[]", "5", '"hello"', '[5, "x"]', '{"totals": {}}', "hello"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    body = str(request.param).encode()

    def answer(environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]

    server = WSGIServer(("127.0.0.1", 0), answer, log=None)
    server.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.stop()


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_what_is_no_hub(run: Run, url: str, command: tuple[str, ...]) -> None:
    result = run(*command, "--url", url)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output

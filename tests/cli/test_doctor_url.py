"""flask doctor --url URL: the hub through the proxies before it"""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from click.testing import Result
from sqlalchemy import create_engine, text

from tests.cli.examined import Examination, examine
from tests.support.edge import Edge
from tests.support.fixtures import StartHub
from tests.support.hub import HubProcess
from tests.support.nginx import KEEP_ALIVE, Nginx, find_nginx
from tests.support.process import free_port
from tests.support.shell import Command
from tests.support.wait import wait_until

pytestmark = pytest.mark.skipif(
    find_nginx() is None, reason="no nginx on this machine (scripts/test-services installs it)"
)
Run = Callable[..., Result]
Beside = Callable[..., Run]
Before = Callable[..., Nginx]
UPGRADE = "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
DEAF = "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"
GZIP = "gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any;"
SECRET = "a secret that is long enough and nobody's business"
PRODUCTION = {
    "APP_CONFIG": "production",
    "SECRET_KEY": SECRET,
    "JWT_SECRET_KEY": SECRET + "!",
    "TASK_SERVICE": "embedded",
    "LOG_FORMAT": "text",
}
TABLES = ("recipients", "messages", "deliveries", "revoked_subscribers", "users", "revoked_tokens")


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Before]:
    """`before(hub, proxy="…")`: an nginx with these directives in front of the hub."""
    made: list[Nginx] = []

    def start(hub: HubProcess, proxy: str) -> Nginx:
        made.append(Nginx(tmp_path / f"nginx{len(made)}", hub.port, proxy).start())
        return made[-1]

    yield start
    for nginx in made:
        nginx.stop()


@pytest.fixture
def edge() -> Iterator[Callable[[HubProcess], Edge]]:
    """`edge(hub)`: an nginx with deploy/nginx.conf."""
    made: list[Edge] = []

    def start(hub: HubProcess) -> Edge:
        made.append(Edge(hub.port))
        return made[-1]

    yield start
    for it in made:
        it.stop()


def rows(hub: HubProcess) -> dict[str, int]:
    with create_engine(hub.env["DATABASE_URL"]).connect() as connection:
        return {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES}


def at(found: Examination, url: str, *levels: str) -> set[str]:
    return found.bad(url, *levels)


def test_the_deployed_configuration(
    hub: StartHub, redis_url: str, beside: Beside, edge: Callable[[HubProcess], Edge]
) -> None:
    """All checks are fine, and no data of the probe stay."""
    process = hub(redis_url=redis_url, TRUSTED_PROXIES="1")
    proxy = edge(process)
    rows_before, topics = rows(process), "hub:{inbox:*"
    found = examine(beside(process), "--url", proxy.url, "--ca", proxy.certificate)
    assert at(found, proxy.url) == set()
    assert at(found, proxy.url, "warning") <= {"first byte", "buffering"}  # on a slow machine
    assert found[f"{proxy.url}/HTTP"].seen == "browsers get HTTP/2"
    assert found[f"{proxy.url}/buffering"].seen.startswith("5 events came one by one")
    assert "text/event-stream" in found[f"{proxy.url}/stream"].seen
    assert rows(process) == rows_before
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys(topics) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_behind_when_it_is_ended(hub: StartHub, number: signal.Signals) -> None:
    process = hub()
    before = rows(process)
    command = Command(process, "doctor", "--url", f"http://localhost:{process.port}")
    wait_until(lambda: rows(process)["deliveries"], 60, lambda: command.text)
    assert command.interrupt(number) == 128 + number
    assert rows(process) == before and "Traceback" not in command.text


def test_one_that_buffers(shared_hub: HubProcess, here: Run, before: Before) -> None:
    nginx = before(shared_hub, f"proxy_http_version 1.0; {DEAF}")
    found = examine(here, "--url", nginx.url)
    assert found.exit_code == 1 and {"first byte", "buffering"} <= at(found, nginx.url)
    buffering = found[f"{nginx.url}/buffering"]
    assert "held back" in buffering.seen and "proxy_buffering off" in buffering.advice
    assert "one by one" in found[f"{nginx.url}/direct"].seen


def test_one_that_compresses(shared_hub: HubProcess, here: Run, before: Before) -> None:
    nginx = before(shared_hub, f"{KEEP_ALIVE} {GZIP} {DEAF}")
    found = examine(here, "--url", nginx.url)
    assert "gzip off" in found[f"{nginx.url}/compression"].advice
    assert {"first byte", "buffering"} <= at(found, nginx.url)


def test_one_that_passes_everything_on(shared_hub: HubProcess, here: Run, before: Before) -> None:
    """Streams work, sockets do not."""
    nginx = before(shared_hub, KEEP_ALIVE)
    found = examine(here, "--url", nginx.url)
    assert at(found, nginx.url) == {"WebSocket"}
    assert "Upgrade $http_upgrade" in found[f"{nginx.url}/WebSocket"].advice
    assert "TRUSTED_PROXIES=1" in found[f"{nginx.url}/proxies"].advice


def test_one_without_patience(hub: StartHub, beside: Beside, before: Before) -> None:
    process = hub(HEARTBEAT_SECONDS="8")
    nginx = before(process, f"{KEEP_ALIVE} {UPGRADE} proxy_read_timeout 4s;")
    found = examine(beside(process), "--url", nginx.url, "--heartbeat")
    assert at(found, nginx.url) == {"heartbeat"}
    assert "proxy_read_timeout" in found[f"{nginx.url}/heartbeat"].advice


def test_a_heartbeat(hub: StartHub, beside: Beside) -> None:
    process = hub(HEARTBEAT_SECONDS="1")
    url = f"http://localhost:{process.port}"
    found = examine(beside(process), "--url", url, "--heartbeat")
    assert at(found, url) == set() and "of silence" in found[f"{url}/heartbeat"].seen


def test_one_that_believes_clients(hub: StartHub, beside: Beside, before: Before) -> None:
    process = hub(TRUSTED_PROXIES="1")
    nginx = before(process, f"{KEEP_ALIVE} {UPGRADE}")
    found = examine(beside(process), "--url", nginx.url)
    assert at(found, nginx.url) == {"proxies"}
    assert "replace X-Forwarded-For" in found[f"{nginx.url}/proxies"].advice


def test_a_hub_that_does_not_know_its_address(
    hub: StartHub, beside: Beside, edge: Callable[[HubProcess], Edge]
) -> None:
    process = hub(**PRODUCTION, TRUSTED_PROXIES="0")
    proxy = edge(process)
    found = examine(beside(process), "--url", proxy.url, "--ca", proxy.certificate)
    assert at(found, proxy.url) == {"WebSocket"}
    assert "TRUSTED_PROXIES=1" in found[f"{proxy.url}/WebSocket"].advice


def test_a_certificate_that_nobody_knows(
    shared_hub: HubProcess, here: Run, edge: Callable[[HubProcess], Edge]
) -> None:
    proxy = edge(shared_hub)
    found = examine(here, "--url", proxy.url)[f"{proxy.url}/reachable"]
    assert found.level == "failure" and "self-signed certificate" in found.seen and "--ca" in found.seen
    url = f"http://127.0.0.1:{proxy.http_port}"
    assert "leads on to https://" in examine(here, "--url", url)[f"{url}/reachable"].seen


def test_nothing_there(here: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    found = examine(here, "--url", url)
    assert found.exit_code == 1 and "No hub answers" in found[f"{url}/reachable"].seen
    assert here("doctor", "--url", "hub.example").exit_code == 2
    result = here("doctor", "--url", url.replace("//", "//olga:open-sesame@"))
    assert result.exit_code == 2 and "open-sesame" not in result.output


def test_another_hub(shared_hub: HubProcess, beside: Beside, tmp_path: Path) -> None:
    url = f"http://localhost:{shared_hub.port}"
    here = {"BIND": f"127.0.0.1:{free_port()}"}
    stranger = beside(shared_hub, **here, JWT_SECRET_KEY="another secret that is long enough")
    assert "tokens of this configuration" in examine(stranger, "--url", url)[f"{url}/stream"].seen
    rows_before = rows(shared_hub)
    other = beside(shared_hub, **here, DATABASE_URL=f"sqlite:///{tmp_path / 'hub.db'}")
    assert "another database" in examine(other, "--url", url)[f"{url}/stream"].seen
    assert rows(shared_hub)["recipients"] == rows_before["recipients"]

"""Fetching images from a real server on loopback, with its bad moods; where loopback is forbidden too."""

import base64
import gzip
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from time import monotonic, process_time
from urllib.parse import quote

import gevent
import pytest
from gevent.socket import socket as Socket

from app.tasks.addresses import Address, is_anything
from app.tasks.failures import TaskFailure, TryAgain
from app.tasks.images import MOST_BYTES, MOST_REDIRECTS, Fetcher, check_url
from tests.tasks.conftest import RawServer, http, plain, redirect

HERE = ip_address("127.0.0.1")
fetcher = Fetcher(allows=is_anything)


def test_fetches(server: RawServer) -> None:
    server.answers["/ad.png?size=1"] = http(plain())
    assert fetcher.fetch(f"{server.url}/ad.png?size=1#part") == plain()
    assert f"Host: 127.0.0.1:{server.port}" in server.heads[0]


def test_chunked(server: RawServer) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.answers["/"] = head + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert fetcher.fetch(server.url) == b"abcde"


def test_a_path_beyond_ascii(server: RawServer) -> None:
    server.answers["/b%C3%BCch%20er.png"] = http(b"x")
    assert fetcher.fetch(f"{server.url}/büch%20er.png") == b"x"


# What is never fetched

FORBIDDEN_URLS = [
    *(
        "",
        "ad.png",
        "/ad.png",
        "//example.org/ad.png",
        "http:",
        "http://",
        "https:///ad.png",
        "data:image/png",
    ),
    *("ftp://example.org/a", "file:///etc/passwd", "gopher://example.org/", "unix:///run/docker.sock"),
    *(
        "http+unix://%2Frun%2Fdocker.sock/",
        "javascript:alert(1)",
        "jar:http://example.org!/",
        "ws://a.example",
    ),
    *("http://user:secret@example.org/a.png", "http://user@example.org/", "http://@example.org/"),
    *("http://example.org:99999/", "http://example.org:http/", "http://[::1/", "http://a..example/"),
    *(
        "http://example.org/a b",
        "http://example.org/\r\nX: y",
        " http://example.org/",
        "http:\\\\example.org",
    ),
    "http://" + "a" * 64 + ".example/",
]
FORBIDDEN_HOSTS = [
    *("127.0.0.1", "0.0.0.0", "10.1.2.3", "169.254.169.254", "192.168.0.1", "[::1]", "[::]", "[fe80::1]"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[fd00::1]", "[2002:7f00:1::]"),
]
OTHER_SPELLINGS = ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "LOCALHOST", "127.0.0.1."]


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_no_such_url(url: str) -> None:
    with pytest.raises(TaskFailure):
        check_url(url, is_anything)


@pytest.mark.parametrize("host", FORBIDDEN_HOSTS)
def test_no_such_address(host: str) -> None:
    with pytest.raises(TaskFailure, match="not allowed"):
        check_url(f"http://{host}/ad.png")


@pytest.mark.parametrize("host", OTHER_SPELLINGS)
def test_other_spellings_are_resolved_and_refused(server: RawServer, host: str) -> None:
    server.answers["/"] = http(plain())
    check_url(f"http://{host}:{server.port}/")
    with pytest.raises(TaskFailure):
        Fetcher().fetch(f"http://{host}:{server.port}/")
    assert server.heads == []


def names(**known: str) -> Callable[[str, int], list[Address]]:
    """A resolver that knows these names (`_` for a dot) and nothing else."""
    return lambda host, port: [ip_address(text) for text in known[host.replace(".", "_")].split()]


def test_one_forbidden_address_condemns_the_name(server: RawServer) -> None:
    with pytest.raises(TaskFailure, match="not allowed"):
        Fetcher(resolve=names(mixed_example="8.8.8.8 127.0.0.1")).fetch(
            f"http://mixed.example:{server.port}/"
        )


def test_the_name_is_not_resolved_again(server: RawServer) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [HERE if len(asked) == 1 else ip_address("127.0.0.2")]

    server.answers["/"] = http(b"x")
    fetched = Fetcher(lambda address: address == HERE, rebinding).fetch(f"http://ads.example:{server.port}/")
    assert (fetched, asked) == (b"x", ["ads.example"])
    assert f"Host: ads.example:{server.port}" in server.heads[0]


def test_the_next_address_is_tried(server: RawServer) -> None:
    server.answers["/"] = http(b"x")
    several = Fetcher(is_anything, names(ads_example="127.0.0.2 127.0.0.1"))
    assert several.fetch(f"http://ads.example:{server.port}/") == b"x"


def test_an_unknown_name() -> None:
    with pytest.raises(TaskFailure, match=r"not known|looked up"):
        fetcher.fetch("http://nowhere.invalid/ad.png")


# Redirects


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_redirects_are_followed(server: RawServer, status: str) -> None:
    server.answers |= {"/a": redirect("../b?c", status), "/b?c": http(b"x")}
    assert fetcher.fetch(f"{server.url}/a") == b"x"


def test_so_many_redirects_and_no_more(server: RawServer) -> None:
    server.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(10)}
    server.answers["/10"] = http(b"x")
    assert fetcher.fetch(f"{server.url}/{10 - MOST_REDIRECTS}") == b"x"
    with pytest.raises(TaskFailure, match="redirects more than"):
        fetcher.fetch(f"{server.url}/{10 - MOST_REDIRECTS - 1}")


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.2/", "http://localhost.example/", "file:///etc/passwd", "data:,x", "http://a:b@c.d/"],
)
def test_a_redirect_is_checked_like_the_first_url(server: RawServer, to: str) -> None:
    server.answers["/"] = redirect(to)
    known = names(ads_example="127.0.0.1", localhost_example="127.0.0.2")
    strict = Fetcher(
        lambda address: address == HERE,
        lambda host, port: known(host, port) if "e" in host else [ip_address(host)],
    )
    with pytest.raises(TaskFailure):
        strict.fetch(f"http://ads.example:{server.port}/")
    assert len(server.heads) == 1


def test_nothing_of_the_caller_is_sent_along(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.answers |= {"/": redirect("/b"), "/b": http(b"x", "Set-Cookie: a=b")}
    fetcher.fetch(server.url)
    sent = {line.partition(":")[0].lower() for head in server.heads for line in head.splitlines()[1:]}
    assert sent == {"host", "accept", "accept-encoding", "user-agent", "connection"}


# Size, type and time


def test_too_large_by_its_own_word(server: RawServer) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99999999\r\n\r\nabc"
    with pytest.raises(TaskFailure, match="larger than 10 MiB"):
        fetcher.fetch(server.url)


def test_too_large_without_a_word(server: RawServer) -> None:
    sent: list[int] = []

    def endless(connection: Socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)
            sent.append(65536)

    server.answers["/"] = endless
    with pytest.raises(TaskFailure, match="larger than 10 MiB"):
        fetcher.fetch(server.url)
    assert sum(sent) < MOST_BYTES * 2  # what the sockets' buffers took, and no more


def test_exactly_as_large_as_allowed(server: RawServer) -> None:
    server.answers["/"] = http(b"x" * MOST_BYTES)
    assert len(fetcher.fetch(server.url)) == MOST_BYTES


def test_a_compressed_body(server: RawServer) -> None:
    server.answers["/"] = http(gzip.compress(b"0" * MOST_BYTES * 2), "Content-Encoding: gzip")
    with pytest.raises(TaskFailure, match="compressed"):
        fetcher.fetch(server.url)


def test_a_page_instead_of_an_image(server: RawServer) -> None:
    server.answers["/"] = http(b"<p>Log in", kind="text/html; charset=utf-8")
    with pytest.raises(TaskFailure, match="not an image"):
        fetcher.fetch(server.url)


@pytest.mark.parametrize("status", [204, 206, 300, 400, 401, 403, 404, 410, 451, 501])
def test_statuses_that_will_not_change(server: RawServer, status: int) -> None:
    server.answers["/"] = http(b"", status=f"{status} No")
    with pytest.raises(TaskFailure, match=str(status)) as failure:
        fetcher.fetch(server.url)
    assert not isinstance(failure.value, TryAgain)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_statuses_that_may_pass(server: RawServer, status: int) -> None:
    server.answers["/"] = http(b"", "Retry-After: 7", status=f"{status} Later")
    with pytest.raises(TryAgain, match=str(status)) as failure:
        fetcher.fetch(server.url)
    assert failure.value.after == 7


def drip(connection: Socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"x")
        gevent.sleep(0.02)


def drip_head(connection: Socket) -> None:
    for _ in range(1000):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png"[:1])
        gevent.sleep(0.02)


@pytest.mark.parametrize("slowly", [drip, drip_head, lambda connection: gevent.sleep(30)])
def test_a_slow_server_is_left(server: RawServer, slowly: Callable[[Socket], object]) -> None:
    server.answers["/"] = slowly
    began = monotonic()
    with pytest.raises(TryAgain, match=r"within 0\.3 seconds"):
        Fetcher(allows=is_anything, total_seconds=0.3).fetch(server.url)
    assert monotonic() - began < 5


def test_a_silent_server_is_left_sooner(server: RawServer) -> None:
    server.answers["/"] = lambda connection: gevent.sleep(30)
    with pytest.raises(TryAgain, match="can't be reached"):
        Fetcher(allows=is_anything, silence_seconds=0.2).fetch(server.url)


FLOOD = """
import socket, sys
head, block = (text.encode().decode("unicode_escape").encode() for text in sys.argv[1:])
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
connection, _ = server.accept()
connection.recv(4096)
try:
    connection.sendall(head)
    while True:
        connection.sendall(block * 1000)
except OSError:
    pass
"""
CHUNKED = r"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
FLOODS = {
    "answers before the answer": ("", r"HTTP/1.1 100 C\r\n\r\n"),
    "trailers": (CHUNKED + r"0\r\n", r"a: b\r\n"),
    "small chunks": (CHUNKED, r"1\r\nx\r\n"),
    "a chunk of all there is": (CHUNKED + r"-1\r\n", "x" * 64),
}


def take_turns(turns: list[float]) -> None:
    while True:
        gevent.sleep(0.01)
        turns.append(process_time())


@pytest.mark.parametrize("kind", FLOODS)
def test_a_server_that_sends_faster_than_it_is_read(kind: str) -> None:
    """In a process of its own: the others here are not kept waiting, and nothing piles up.

    In processor time: a machine that stands still keeps nobody waiting.
    """
    command = [sys.executable, "-c", FLOOD, *FLOODS[kind]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}/"
        turns = [process_time()]
        others = gevent.spawn(take_turns, turns)
        with pytest.raises(TaskFailure):
            Fetcher(allows=is_anything, total_seconds=2).fetch(url)
        others.kill()
        process.kill()
    assert max(later - turn for turn, later in pairwise([*turns, process_time()])) < 1


BROKEN = {
    "nothing": b"",
    "half": http(b"x" * 100)[:-50],
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "a negative chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
    "a redirect to nothing that is a URL": redirect("http://["),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000,
    "a line without end": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000,
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\nLocation: \xff\r\n\r\n"
    + b"x" * (MOST_BYTES + 1),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer(server: RawServer, kind: str) -> None:
    server.answers["/"] = BROKEN[kind]
    with pytest.raises(TaskFailure):
        fetcher.fetch(server.url)


def test_connection_refused(server: RawServer) -> None:
    server.stop()
    with pytest.raises(TryAgain, match="can't be reached"):
        fetcher.fetch(server.url)


# TLS


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return key, certificate


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[RawServer, ssl.SSLContext, list[str | None]]]:
    """A TLS server that is ads.example, a context that trusts it, and the names it was asked for (SNI)."""
    key, certificate = make_certificate(tmp_path, "ads.example")
    asked: list[str | None] = []
    its_own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    its_own.load_cert_chain(certificate, key)
    its_own.sni_callback = lambda sock, name, context: asked.append(name)
    started = RawServer(ssl_context=its_own)
    started.answers["/"] = http(b"x")
    yield started, ssl.create_default_context(cafile=str(certificate)), asked
    started.stop()


def test_tls_by_name_at_a_pinned_address(secure: tuple[RawServer, ssl.SSLContext, list[str | None]]) -> None:
    server, context, asked = secure
    known = names(ads_example="127.0.0.1")
    assert Fetcher(is_anything, known, context=context).fetch(f"https://ads.example:{server.port}/") == b"x"
    assert asked == ["ads.example"]


def test_tls_of_another_name(secure: tuple[RawServer, ssl.SSLContext, list[str | None]]) -> None:
    server, context, _ = secure
    known = names(other_example="127.0.0.1")
    with pytest.raises(TaskFailure, match="certificate"):
        Fetcher(is_anything, known, context=context).fetch(f"https://other.example:{server.port}/")


def test_an_untrusted_certificate(secure: tuple[RawServer, ssl.SSLContext, list[str | None]]) -> None:
    server, _, _ = secure
    with pytest.raises(TaskFailure, match="certificate"):
        Fetcher(is_anything, names(ads_example="127.0.0.1")).fetch(f"https://ads.example:{server.port}/")


def test_tls_where_none_is_spoken(server: RawServer) -> None:
    server.answers["/"] = http(b"x")
    with pytest.raises(TryAgain):
        Fetcher(is_anything, silence_seconds=0.2).fetch(f"https://127.0.0.1:{server.port}/")


# data:


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64," + base64.b64encode(plain()).decode(),
        "DATA:image/png;BASE64," + base64.b64encode(plain()).decode().rstrip("="),
        "data:;base64," + quote(base64.b64encode(plain()).decode(), safe=""),
        "data:image/png," + quote(plain()),
    ],
)
def test_data_urls(url: str) -> None:
    assert Fetcher().fetch(url) == plain()


@pytest.mark.parametrize(
    "url", ["data:", "data:image/png;base64", "data:;base64,a", "data:;base64,!!!!", "data:;base64,ä"]
)
def test_bad_data_urls(url: str) -> None:
    with pytest.raises(TaskFailure):
        Fetcher().fetch(url)


@pytest.mark.parametrize(
    "url", ["data:," + "x" * (MOST_BYTES + 1), "data:;base64," + "AAAA" * (MOST_BYTES // 3 + 1)]
)
def test_data_urls_have_the_same_bound(url: str) -> None:
    with pytest.raises(TaskFailure, match="larger than 10 MiB"):
        Fetcher().fetch(url)

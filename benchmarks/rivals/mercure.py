"""Mercure (Go), as its authors ship it (a module of Caddy): its in-memory transport, anonymous subscribers, a
publisher's token signed here.
"""

import base64
import hashlib
import hmac
import tempfile
from pathlib import Path
from urllib.parse import quote

from benchmarks.harness.go import Module, built_with_go
from benchmarks.harness.http import request
from benchmarks.rivals.base import Command, Server

KEY = "a-key-for-a-benchmark-on-loopback-only"
TOPIC = "bench"
VERSION = "v0.22.1"
MODULES = [
    Module("github.com/dunglas/mercure", VERSION, "h1:Ug64C8OP7qnorwE4k7S4o/TZHtYun53nNp6HEkHZTH8="),
    Module(
        "github.com/dunglas/mercure/caddy",
        VERSION,
        "h1:BC3UAqhHC4jasO688Cg6hZraWYJGV8Fgc1L5wJT8464=",
        at="caddy",
    ),
]

CONFIGURATION = """\
{{
    admin off
    auto_https off
    persist_config off
}}
http://127.0.0.1:{port} {{
    mercure {{
        transport local
        publisher_jwt {key}
        subscriber_jwt {key}
        anonymous
    }}
}}
"""


class Mercure(Server):
    key = "mercure"
    label = "Mercure (Go)"
    subscribe_path = f"/.well-known/mercure?topic={TOPIC}"
    publish_path = "/.well-known/mercure"

    def prepare(self) -> None:
        self._program = built_with_go("mercure", MODULES, "./mercure")

    def command(self, port: int) -> Command:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-mercure-")
        caddyfile = Path(self._folder.name) / "Caddyfile"
        caddyfile.write_text(CONFIGURATION.format(port=port, key=KEY))
        return Command([self._program, "run", "--config", caddyfile], cwd=caddyfile.parent)

    def publish(self, body: bytes) -> bytes:
        form = f"topic={TOPIC}&data={quote(body)}".encode()
        fields = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Bearer {_token()}",
            "Host": f"127.0.0.1:{self.port}",
        }
        return request("POST", self.publish_path, form, fields)

    def stop(self) -> None:
        super().stop()
        self._folder.cleanup()


def _token() -> str:
    """An HS256 JWT that may publish everything (RFC 7519)."""
    parts = [_base64url(b'{"alg":"HS256","typ":"JWT"}'), _base64url(b'{"mercure":{"publish":["*"]}}')]
    signature = hmac.new(KEY.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64url(signature)])


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

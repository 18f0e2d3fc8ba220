"""Centrifugo 5 (Go): its unidirectional SSE transport and memory engine; subscribers without
credentials.
"""

import json
import tempfile
from pathlib import Path
from urllib.parse import quote

from benchmarks.harness.go import Module, built_with_go
from benchmarks.harness.http import request
from benchmarks.rivals.base import Command, Server

CHANNEL = "bench"
MODULES = [
    Module(
        "github.com/centrifugal/centrifugo/v5", "v5.4.9", "h1:XpCLOMoYZ6ly71eOPe1YK9qzXaEmRXdgqlr3Bv3WePA="
    )
]


class Centrifugo(Server):
    key = "centrifugo"
    label = "Centrifugo (Go)"
    subscribe_path = "/connection/uni_sse?cf_connect=" + quote(json.dumps({"subs": {CHANNEL: {}}}))
    publish_path = "/api/publish"

    def prepare(self) -> None:
        self._program = built_with_go("centrifugo", MODULES, ".")

    def command(self, port: int) -> Command:
        settings = {
            **{"address": "127.0.0.1", "port": port, "log_level": "error", "uni_sse": True},
            **{"client_insecure": True, "api_insecure": True},
            **{"allow_subscribe_for_client": True, "allow_subscribe_for_anonymous": True},
        }
        self._folder = tempfile.TemporaryDirectory(prefix="bench-centrifugo-")
        configuration = Path(self._folder.name) / "config.json"
        configuration.write_text(json.dumps(settings))
        return Command([self._program, "--config", configuration], cwd=configuration.parent)

    def publish(self, body: bytes) -> bytes:
        wrapped = json.dumps({"channel": CHANNEL, "data": json.loads(body)}).encode()
        return request("POST", self.publish_path, wrapped, {"Content-Type": "application/json"})

    def stop(self) -> None:
        super().stop()
        self._folder.cleanup()

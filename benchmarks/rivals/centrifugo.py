"""Centrifugo (Go), where a `centrifugo` program of version 6 is on the PATH: nothing here builds one.

Its unidirectional SSE transport and its memory engine; subscribers without credentials.
"""

import json
import tempfile
from pathlib import Path
from urllib.parse import quote

from benchmarks.harness.http import request
from benchmarks.harness.install import program
from benchmarks.rivals.base import Command, Server

CHANNEL = "bench"


class Centrifugo(Server):
    key = "centrifugo"
    label = "Centrifugo (Go)"
    subscribe_path = "/connection/uni_sse?cf_connect=" + quote(json.dumps({"subs": {CHANNEL: {}}}))
    publish_path = "/api/publish"

    def prepare(self) -> None:
        program("centrifugo")

    def command(self, port: int) -> Command:
        settings = {
            "http_server": {"address": "127.0.0.1", "port": port},
            "log": {"level": "error"},
            "client": {"insecure": True},
            "http_api": {"insecure": True},
            "uni_sse": {"enabled": True},
            "channel": {"without_namespace": {"allow_subscribe_for_client": True}},
        }
        self._folder = tempfile.TemporaryDirectory(prefix="bench-centrifugo-")
        configuration = Path(self._folder.name) / "config.json"
        configuration.write_text(json.dumps(settings))
        return Command([program("centrifugo"), "--config", configuration], cwd=configuration.parent)

    def publish(self, body: bytes) -> bytes:
        wrapped = json.dumps({"channel": CHANNEL, "data": json.loads(body)}).encode()
        return request("POST", self.publish_path, wrapped, {"Content-Type": "application/json"})

    def stop(self) -> None:
        super().stop()
        self._folder.cleanup()

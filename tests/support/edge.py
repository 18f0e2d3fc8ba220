"""nginx with the configuration that is deployed, in front of whatever a test puts there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gevent.ssl import SSLContext, create_default_context

from deploy.machine.services import nginx_command
from deploy.machine.state import State
from tests.support.calls import Calls
from tests.support.process import Child, free_port
from tests.support.wait import wait_until


class Edge(Calls):
    def __init__(self, *instances: int) -> None:
        """`instances` are ports on loopback."""
        # Not pytest's folder, which the users of nginx's workers can't enter.
        self._folder = tempfile.TemporaryDirectory(prefix="hub-edge-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self.port, self.http_port = free_port(), free_port()
        state = State(self.folder)
        state.make()
        self.certificate = self.folder / "tls/certificate.pem"
        super().__init__(f"https://127.0.0.1:{self.port}", self.certificate)
        servers = " ".join(f"server 127.0.0.1:{port};" for port in instances)
        self.command = nginx_command(state, self.port, self.http_port, servers)
        self._child = Child(self.command, self.folder / "log/nginx.log")
        wait_until(self._answers, 10, self._child.tail)

    @property
    def tls(self) -> SSLContext:
        return create_default_context(cafile=str(self.certificate))

    @property
    def logs(self) -> str:
        """All that it wrote."""
        return "".join(file.read_text() for file in (self.folder / "log").iterdir())

    def stop(self) -> None:
        self._child.stop()
        self._folder.cleanup()

    def _answers(self) -> bool:
        try:
            return bool(self.get(f"http://127.0.0.1:{self.http_port}/").status_code)
        except OSError:
            return False

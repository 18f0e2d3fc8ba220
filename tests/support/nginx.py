"""nginx in front of a hub, as deployments have it: kept-alive upstream connections, no buffering."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.calls import Calls
from tests.support.process import Child, free_port
from tests.support.wait import wait_until

_CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream hub {{ server 127.0.0.1:{hub}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://hub;
            {proxy}
            proxy_set_header Host $host:$server_port;
        }}
    }}
}}
"""
KEEP_ALIVE = 'proxy_http_version 1.1; proxy_set_header Connection "";'
HTTP_1_0 = "proxy_http_version 1.0;"


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class Nginx(Calls):
    """A private nginx that passes everything on to `hub_port`."""

    def __init__(self, folder: Path, hub_port: int, proxy: str = KEEP_ALIVE) -> None:
        self.port = free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        text = _CONFIGURATION.format(folder=folder, hub=hub_port, port=self.port, proxy=proxy)
        (folder / "nginx.conf").write_text(text)

    def start(self) -> Nginx:
        binary = find_nginx()
        assert binary is not None
        argv = [binary, "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]
        self._child = Child(argv, self._folder / "out.log")
        wait_until(self._answers, 10, lambda: f"nginx to answer; {self._child.tail()}")
        return self

    def _answers(self) -> bool:
        try:
            return self.get("/health/live").status_code == 200
        except OSError:
            return False

    def stop(self) -> None:
        self._child.stop()

"""nchan: nginx's publish and subscribe module, in C, with its defaults. One worker process."""

import resource
import tempfile
from pathlib import Path

from benchmarks.harness.install import Missing, apt, program
from benchmarks.rivals.base import Command, Server

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")

CONFIGURATION = """\
load_module {module};
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
error_log stderr warn;
pid {folder}/nginx.pid;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /events {{ nchan_subscriber eventsource; nchan_channel_id bench; }}
        location = /publish {{ nchan_publisher; nchan_channel_id bench; }}
    }}
}}
"""


class Nchan(Server):
    key = "nchan"
    label = "nchan (nginx, C)"

    def prepare(self) -> None:
        if not MODULE.exists():
            apt("nginx", "libnginx-mod-nchan")
        if not MODULE.exists():
            raise Missing("Debian's libnginx-mod-nchan is not installed")

    def command(self, port: int) -> Command:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-nchan-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)  # nginx drops root for its worker
        configuration = folder / "nginx.conf"
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        configuration.write_text(CONFIGURATION.format(module=MODULE, port=port, folder=folder, files=files))
        return Command([program("nginx"), "-c", configuration, "-e", "stderr", "-p", folder])

    def stop(self) -> None:
        super().stop()
        self._folder.cleanup()

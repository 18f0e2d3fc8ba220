"""The folder of `make up`: secrets and ports, which are chosen once, and the files made from them."""

import json
import os
import random
import secrets
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.machine.daemon import Failed

ROOT = Path(__file__).resolve().parents[2]
# As root, nginx's workers and PostgreSQL run as other users, which need to enter the open folders.
OPEN, CLOSED = 0o755, 0o700
FOLDERS = {
    **dict.fromkeys(("", "nginx", "web", "web/static"), OPEN),
    **dict.fromkeys(("log", "run", "redis", "hub", "tls", "secrets"), CLOSED),
}


class State:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        for name, mode in FOLDERS.items():
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            (self.folder / name).chmod(mode)
        self._make_certificate()

    def secret(self, name: str) -> str:
        """Generated when it is first needed."""
        file = self.folder / "secrets" / name
        if not file.exists():
            self.write(f"secrets/{name}", secrets.token_urlsafe(36))
        return file.read_text()

    def write(self, name: str, text: str) -> Path:
        """A file that only its owner can read."""
        file = self.folder / name
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        return file

    def ports(self, https: int | None) -> dict[str, int]:
        """The port of each service. The one for browsers is 8443 by default, the others are free ports."""
        file = self.folder / "ports.json"
        kept: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        kept["https"] = https or kept.get("https", 8443)
        for name in ("http", "hub", "redis", "postgres"):
            kept.setdefault(name, free_port())
        file.write_text(json.dumps(kept))
        return kept

    def _make_certificate(self) -> None:
        """A self-signed certificate for this machine."""
        key, certificate = self.folder / "tls/key.pem", self.folder / "tls/certificate.pem"
        if certificate.exists():
            return
        self.write("tls/key.pem", "")
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        where = ["-subj", "/CN=localhost", "-addext", names, "-keyout", str(key), "-out", str(certificate)]
        run("openssl", "req", "-x509", "-days", "825", *kind, *where)


def free_port() -> int:
    """A free loopback port, below those that the kernel assigns to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def fill(template: Path, values: Mapping[str, str]) -> str:
    """The template with these variables filled in, as nginx's container does it; other variables stay."""
    names = " ".join(f"${{{name}}}" for name in values)
    return run("envsubst", names, text=template.read_text(), env=dict(values))


def run(*argv: str, text: str | None = None, env: Mapping[str, str] | None = None, **how: Any) -> str:
    """The output of the command; raises Failed with its error output."""
    environment = {"PATH": os.environ["PATH"], **(env or {})}
    done = subprocess.run(
        argv, input=text, env=environment, capture_output=True, text=True, check=False, **how
    )
    if done.returncode:
        raise Failed(f"{' '.join(argv[:2])} ended with {done.returncode}:\n{done.stderr.strip()}")
    return str(done.stdout)

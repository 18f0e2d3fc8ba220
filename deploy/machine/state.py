"""What `make up` keeps in its folder: secrets and ports that are chosen once, and files made of them."""

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
# nginx's workers and PostgreSQL are other users where we are root, and find their way through the open ones.
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
        """Made when it is first asked for."""
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
        """Of every service. The one for browsers is 8443 if not given, the others are free ones."""
        file = self.folder / "ports.json"
        kept: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        kept["https"] = https or kept.get("https", 8443)
        for name in ("http", "hub", "redis", "postgres"):
            kept.setdefault(name, free_port())
        file.write_text(json.dumps(kept))
        return kept

    def _make_certificate(self) -> None:
        """Self-signed, for this machine alone."""
        key, certificate = self.folder / "tls/key.pem", self.folder / "tls/certificate.pem"
        if certificate.exists():
            return
        self.write("tls/key.pem", "")
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        where = ["-subj", "/CN=localhost", "-addext", names, "-keyout", str(key), "-out", str(certificate)]
        run("openssl", "req", "-x509", "-days", "825", *kind, *where)


def free_port() -> int:
    """A loopback port that nothing holds, below those that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def fill(template: Path, values: Mapping[str, str]) -> str:
    """The template with these variables filled in, as nginx's container does it; others stay."""
    names = " ".join(f"${{{name}}}" for name in values)
    return run("envsubst", names, text=template.read_text(), env=dict(values))


def run(*argv: str, text: str | None = None, env: Mapping[str, str] | None = None, **how: Any) -> str:
    """What the command printed; raises Failed with what it complained of."""
    environment = {"PATH": os.environ["PATH"], **(env or {})}
    done = subprocess.run(
        argv, input=text, env=environment, capture_output=True, text=True, check=False, **how
    )
    if done.returncode:
        raise Failed(f"{' '.join(argv[:2])} ended with {done.returncode}:\n{done.stderr.strip()}")
    return str(done.stdout)

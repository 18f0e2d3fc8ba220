"""The four services: how each is started, when it is ready, and how it is ended."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path

from deploy.machine.daemon import Daemon, Failed, as_user
from deploy.machine.programs import require
from deploy.machine.state import ROOT, State, fill, run

# Direct calls, also where the environment names a proxy.
DIRECT = urllib.request.ProxyHandler({})


class Service(ABC):
    name: str
    stop_signal: int = signal.SIGTERM
    grace = 20.0  # seconds to start, and to end

    def __init__(self, state: State, ports: dict[str, int]) -> None:
        self.state, self.ports = state, ports
        self.daemon = Daemon(self.name, state.folder)

    def up(self) -> bool:
        """Starts it and waits until it is ready; False when it ran already."""
        if self.daemon.pid is not None:
            return False
        self.start()
        self.daemon.wait(self.is_ready, self.grace)
        return True

    def down(self) -> bool:
        """Ends it; False when it did not run."""
        return self.daemon.stop(self.stop_signal, self.grace)

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def is_ready(self) -> bool: ...


class PostgresService(Service):
    """Runs as the user `postgres` when root starts it, because it refuses to run as root."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": clients are cut off, the data stays whole

    def start(self) -> None:
        data = self._data()
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        argv = [require("postgres"), "-D", str(data), "-p", str(self.ports["postgres"]), *settings]
        self.daemon.start(argv, cwd=data.parent, user=self._user())

    def is_ready(self) -> bool:
        """Whether it answers; makes the hub's role and database."""
        import psycopg2  # noqa: PLC0415 - `make down` runs without it

        account = f"host=127.0.0.1 port={self.ports['postgres']} user=postgres dbname=postgres"
        password = self.state.secret("postgres")
        try:
            connection = psycopg2.connect(account, password=password, connect_timeout=2)
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True  # CREATE DATABASE does not run inside a transaction
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'hub'")
            if not cursor.fetchone():
                cursor.execute("CREATE ROLE hub LOGIN PASSWORD %s", [self.state.secret("database")])
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'hub'")
            if not cursor.fetchone():
                cursor.execute("CREATE DATABASE hub OWNER hub")
        connection.close()
        return True

    def _user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    def _data(self) -> Path:
        """The folder of the database cluster; an incomplete one is replaced."""
        home = self.state.folder / "postgres"
        data = home / "data"
        if data.exists():
            return data
        home.mkdir(mode=0o700, exist_ok=True)
        password = self.state.write("postgres/password", self.state.secret("postgres"))
        for path in (home, password):
            shutil.chown(path, self._user() or os.geteuid())
        self._check_reach(home)
        draft = home / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        how = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--no-locale"]
        run(require("initdb"), "-D", str(draft), *how, cwd=home, **as_user(self._user()))
        password.unlink()
        return draft.rename(data)

    def _check_reach(self, home: Path) -> None:
        user = self._user()
        if user and subprocess.run(["/usr/bin/test", "-w", home], **as_user(user), check=False).returncode:
            raise Failed(f"The user {user} can't enter {home}: choose another folder with --state.")


class RedisService(Service):
    name = "redis"

    def start(self) -> None:
        folder = self.state.folder / "redis"
        lines = {
            "include": str(ROOT / "deploy/redis.conf"),
            "bind": "127.0.0.1",
            "port": str(self.ports["redis"]),
            "requirepass": self.state.secret("redis"),
            "dir": str(folder),
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        file = self.state.write("redis/redis.conf", text)
        self.daemon.start([require("redis-server"), str(file)], cwd=folder)

    def is_ready(self) -> bool:
        import redis  # noqa: PLC0415 - `make down` runs without it

        password = self.state.secret("redis")
        try:
            with redis.Redis(port=self.ports["redis"], password=password, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class HubService(Service):
    """`scripts/serve`, as the container and the unit run it, with the settings of hub.env."""

    name = "hub"
    grace = 45.0

    def start(self) -> None:
        python = Path(sys.executable).parent
        surroundings = {
            "PATH": f"{python}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            # A .env in the project's folder is for `make run` only.
            "FLASK_SKIP_DOTENV": "1",
            "PYTHON_DOTENV_DISABLED": "1",
        }
        self.daemon.start([str(ROOT / "scripts/serve")], cwd=ROOT, env=surroundings | self._settings())

    def is_ready(self) -> bool:
        return answers(f"http://127.0.0.1:{self.ports['hub']}/health/ready")

    def _settings(self) -> dict[str, str]:
        """The settings in hub.env, which is written once; users may edit it."""
        file = self.state.folder / "hub.env"
        if not file.exists():
            self.state.write("hub.env", "".join(f"{name}={value}\n" for name, value in self._first().items()))
        lines = [line for line in file.read_text().splitlines() if "=" in line and not line.startswith("#")]
        return dict(line.split("=", 1) for line in lines)

    def _first(self) -> dict[str, str]:
        secret, ports = self.state.secret, self.ports
        return {
            "APP_CONFIG": "production",
            "BIND": f"127.0.0.1:{ports['hub']}",
            "WEB_CONCURRENCY": str(min(4, max(2, os.cpu_count() or 2))),
            "TRUSTED_PROXIES": "1",
            "DATABASE_URL": f"postgresql://hub:{secret('database')}@127.0.0.1:{ports['postgres']}/hub",
            "REDIS_URL": f"redis://:{secret('redis')}@127.0.0.1:{ports['redis']}/0",
            "SECRET_KEY": secret("secret_key"),
            "JWT_SECRET_KEY": secret("jwt_secret_key"),
            "TASK_SERVICE": "embedded",
            "CLIENT_ID": "up",
            "CLIENT_SECRET": secret("client"),
            "INSTANCE_PATH": str(self.state.folder / "hub"),
        }


class NginxService(Service):
    name = "nginx"

    def start(self) -> None:
        instances = f"server 127.0.0.1:{self.ports['hub']};"
        argv = nginx_command(self.state, self.ports["https"], self.ports["http"], instances)
        self.daemon.start(argv, cwd=self.state.folder)

    def is_ready(self) -> bool:
        url = f"https://127.0.0.1:{self.ports['https']}/health/ready"
        return answers(url, self.state.folder / "tls/certificate.pem")


def nginx_command(state: State, https: int, http: int, instances: str) -> list[str]:
    """Writes the configuration for these ports and `server` lines; returns the command that runs nginx with
    it."""
    folder = state.folder
    values = {
        "HUB_HTTPS": f"127.0.0.1:{https}",
        "HUB_HTTP": f"127.0.0.1:{http}",
        "HUB_AUTHORITY": f"$host:{https}",
        "HUB_SERVERS": instances,
        "HUB_TLS": str(folder / "tls"),
        "HUB_WEB_ROOT": str(folder / "web"),
        "HUB_LOGS": str(folder / "log"),
    }
    file = state.write("nginx/nginx.conf", fill(ROOT / "deploy/nginx.conf", values))
    own = f"daemon off; pid {folder}/run/nginx.master;"
    where = ["-p", str(folder / "nginx"), "-c", str(file), "-e", str(folder / "log/error.log")]
    return [require("nginx"), *where, "-g", own]


def answers(url: str, certificate: Path | None = None) -> bool:
    """Whether the hub at this URL is ready, verified with this certificate."""
    trust = ssl.create_default_context(cafile=certificate) if certificate else None
    opener = urllib.request.build_opener(DIRECT, urllib.request.HTTPSHandler(context=trust))
    try:
        with opener.open(url, timeout=5) as answer:
            return bool(json.load(answer)["status"] == "ready")
    except OSError:
        return False


# Each needs the ones before it.
SERVICES: tuple[type[Service], ...] = (PostgresService, RedisService, HubService, NginxService)
# The hub first: its last frames reach the clients through nginx.
STOP_ORDER: tuple[type[Service], ...] = (HubService, NginxService, RedisService, PostgresService)

"""The files in deploy/, checked by the programs that read them: Compose, systemd, hadolint, Redis."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support.hub import ROOT
from tests.support.process import Child, free_port
from tests.support.services import find_redis
from tests.support.wait import wait_until

DEPLOY = ROOT / "deploy"
FILES = ["docker-compose.yml", "make-secrets", "nginx.conf", "redis.conf"]
UNIT = (DEPLOY / "hub.service").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def program(name: str) -> Path:
    """A program that pip installed beside this Python."""
    return Path(sys.executable).with_name(name)


def run(*argv: object, **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in argv], capture_output=True, text=True, timeout=60, check=False, **how
    )


def graceful_timeout() -> int:
    found = re.search(r"^graceful_timeout = (\d+)", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


# Compose


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of deploy/ without secrets."""
    folder = tmp_path / "deploy"
    folder.mkdir()
    for name in FILES:
        shutil.copy(DEPLOY / name, folder)
    return folder


@pytest.fixture
def secrets(folder: Path) -> Path:
    made = run(folder / "make-secrets", "--self-signed")
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")
    return folder / "secrets"


def compose(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(program("docker-compose"), "-f", folder / "docker-compose.yml", "config", *options, env={})


@pytest.fixture
def services(folder: Path, secrets: Path) -> dict[str, Any]:
    """The services as Compose parses them."""
    read = compose(folder, "--format", "json")
    assert read.returncode == 0, read.stderr
    assert "level=warn" not in read.stderr
    services: dict[str, Any] = json.loads(read.stdout)["services"]
    return services


def test_compose_starts_nothing_without_secrets(folder: Path) -> None:
    read = compose(folder, "--quiet")
    assert read.returncode != 0
    assert "required variable SECRETS is missing a value: run deploy/make-secrets first" in read.stderr


def test_no_secret_stands_in_a_file_or_the_environment(
    services: dict[str, Any], folder: Path, secrets: Path
) -> None:
    whole = compose(folder).stdout
    for file in secrets.iterdir():
        assert file.read_text() not in whole
    for service in services.values():
        for name in service.get("environment", {}):
            assert name.endswith("_FILE") or not re.search("SECRET|PASSWORD|DATABASE_URL|REDIS_URL", name)


def test_only_nginx_can_be_reached(services: dict[str, Any]) -> None:
    assert {name for name, it in services.items() if it.get("ports")} == {"nginx"}
    assert {name for name, it in services.items() if "edge" in it["networks"]} == {"nginx", "hub"}


def test_every_service_is_watched_and_held_short(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["restart"] == "unless-stopped"
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert name == "hub" or service["healthcheck"]["test"]  # the hub's is in its image
        assert name == "hub" or service["user"] == name  # and so is its user
        assert "build" in service or re.search(r":\d+\.?\d*-", service["image"])


def test_every_file_that_is_mounted_is_there(services: dict[str, Any], folder: Path) -> None:
    mounted = [it for service in services.values() for it in service.get("volumes", [])]
    files = [Path(it["source"]) for it in mounted if it["type"] == "bind" and Path(it["source"]).suffix]
    assert {file.name for file in files} == {"nginx.conf", "redis.conf"}
    assert all(file.parent == folder and file.is_file() for file in files)


def test_the_hub_has_time_to_end(services: dict[str, Any]) -> None:
    assert int(services["hub"]["stop_grace_period"].removesuffix("s")) > graceful_timeout()


def test_the_hub_starts_with_these_settings(services: dict[str, Any], secrets: Path, tmp_path: Path) -> None:
    """With the paths of the secrets as configured; only the databases differ."""
    (secrets / "database_url").write_text(f"sqlite:///{tmp_path}/hub.db")
    (secrets / "redis_url").write_text(f"redis://127.0.0.1:{free_port()}/0")
    given = {
        name: it.replace("/run/secrets", str(secrets)) for name, it in services["hub"]["environment"].items()
    }
    image = {"APP_CONFIG": "production", "BIND": f"127.0.0.1:{free_port()}", "INSTANCE_PATH": str(tmp_path)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {"PATH": path, "PYTHON_DOTENV_DISABLED": "1", "FLASK_SKIP_DOTENV": "1", **image, **given}
    child = Child([str(ROOT / "scripts/serve")], tmp_path / "log", env=env, cwd=ROOT)
    wait_until(lambda: run(ROOT / "scripts/is-live", env=env).returncode == 0, 30, child.tail)
    assert child.stop() == 0


def test_nginx_gets_every_variable_of_its_template(services: dict[str, Any]) -> None:
    text = re.sub(r"^ *#.*$", "", (DEPLOY / "nginx.conf").read_text(), flags=re.MULTILINE)
    given = {name for name in services["nginx"]["environment"] if name.startswith("HUB_")}
    assert given == set(re.findall(r"\$\{(\w+)\}", text))


def test_secrets_are_made_once(folder: Path, secrets: Path) -> None:
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    assert run(folder / "make-secrets", "--self-signed").returncode == 0
    assert {file.name: file.read_text() for file in secrets.iterdir()} == before
    assert len(set(before.values())) == len(before)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert (folder / ".env").read_text() == "SECRETS=./secrets\n"


def test_a_missing_certificate_is_told(folder: Path) -> None:
    said = run(folder / "make-secrets").stdout
    assert said.startswith("Put the certificate") and f"{folder}/secrets" in said


def test_redis_wants_the_password(services: dict[str, Any], secrets: Path, tmp_path: Path) -> None:
    """The command of its container, with these paths."""
    binary = find_redis()
    if binary is None:
        pytest.skip("no redis-server on this machine (scripts/test-services installs it)")
    command = " ".join(services["redis"]["command"][1:])
    words = command.replace("/etc", str(DEPLOY)).replace("/run/secrets", str(secrets)).split()
    port = free_port()
    child = Child([binary, *words, "--port", str(port), "--bind", "127.0.0.1"], tmp_path / "log")
    url = (secrets / "redis_url").read_text().replace("@redis:6379", f"@127.0.0.1:{port}")

    def answers(client: redis.Redis) -> bool:
        try:
            return bool(client.ping())
        except redis.AuthenticationError:
            raise
        except redis.ConnectionError:
            return False

    with redis.Redis.from_url(url) as client:
        wait_until(lambda: answers(client), 5, child.tail)
        assert client.config_get("save", "appendonly") == {"save": "", "appendonly": "no"}
    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    child.stop()


# systemd


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with this copy of the hub in the place of /opt/hub."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze (scripts/test-services --with systemd-analyze installs it)")
    file = tmp_path / "hub.service"
    file.write_text(UNIT.replace("/opt/hub", str(ROOT)))
    return file


def test_systemd_has_no_objection(unit: Path) -> None:
    checked = run("systemd-analyze", "verify", "--man=no", unit)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_systemd_calls_it_well_hardened(unit: Path) -> None:
    """Exposure at most 1.5 of 10 by `systemd-analyze security`."""
    checked = run("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", unit)
    assert checked.returncode == 0, checked.stdout[-200:]


def test_the_unit_fits_the_hub(unit: Path) -> None:
    settings = dict(line.split("=", 1) for line in UNIT.splitlines() if re.match("[A-Z][A-Za-z]+=", line))
    assert int(settings["TimeoutStopSec"]) > graceful_timeout()
    assert settings["ExecStart"] == "/opt/hub/scripts/serve"
    assert settings["NoNewPrivileges"] == "yes" and settings["ProtectSystem"] == "strict"
    loaded = set(re.findall(r"^LoadCredential=(\w+):", UNIT, re.MULTILINE))
    assert {name.lower() for name in re.findall(r"(\w+)_FILE=%d/", UNIT)} == loaded
    assert all(f"{name.upper()}_FILE=%d/{name}" in UNIT for name in loaded)


# The image


def test_hadolint_finds_nothing() -> None:
    checked = run(program("hadolint"), "--no-color", ROOT / "Dockerfile")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_final_image_is_small_and_runs_as_a_user_of_its_own() -> None:
    base, *_ = last = DOCKERFILE.rpartition("\nFROM ")[2].splitlines()
    assert base.endswith("-slim-bookworm")
    assert not re.search(r"apt-get|pip install|gcc", "\n".join(last))
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)
    assert "\nHEALTHCHECK " in DOCKERFILE

"""The hub's gunicorn configuration, for the hub and for what is measured against it."""

import sys
from collections.abc import Mapping

from benchmarks.harness.places import ROOT
from benchmarks.rivals.base import Command


def gunicorn(application: str, port: int, settings: Mapping[str, str] | None = None) -> Command:
    """A WSGI application under gunicorn.conf.py, one worker unless the settings say otherwise."""
    env = {
        "APP_CONFIG": "development",
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "1",
        **(settings or {}),
    }
    return Command(
        [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", application], env=env, cwd=ROOT
    )

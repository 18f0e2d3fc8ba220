"""GET /health/ready of every worker."""

from __future__ import annotations

from tests.support.hub import HubProcess
from tests.support.wait import wait_until


def wait_health(hub: HubProcess, status: int, timeout: float = 15.0) -> str:
    """The text of /health/ready, as soon as every worker answers with this status."""
    texts: list[str] = []

    def is_there() -> bool:
        texts.clear()
        for pid in hub.worker_pids():
            connection = hub.connection(pid)
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            texts.append(answer.read().decode())
            connection.close()
            if answer.status != status:
                return False
        return True

    wait_until(is_there, timeout, lambda: f"/health/ready to answer {status}, the last was {texts}")
    return texts[0]

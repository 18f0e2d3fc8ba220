"""What GET /metrics of a hub says, as numbers by name and labels."""

from __future__ import annotations

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from tests.support.hub import HubProcess

Numbers = dict[tuple[str, ...], float]


def scrape(hub: HubProcess, pid: int | None = None, accept: str = "text/plain") -> str:
    """From this worker, or from any."""
    connection = hub.connection(pid)
    connection.request("GET", "/metrics", headers={"Accept": accept})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, text
    return text


def numbers(families: list[Metric], kinds: tuple[str, ...] = ("counter", "gauge", "histogram")) -> Numbers:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        if family.type in kinds
        for sample in family.samples
    }


def read(hub: HubProcess, pid: int | None = None) -> Numbers:
    return numbers(list(parse_plain(scrape(hub, pid))))


def totals(hub: HubProcess) -> Numbers:
    return numbers(list(parse_plain(scrape(hub))), ("counter", "histogram"))

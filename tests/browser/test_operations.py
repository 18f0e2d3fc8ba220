"""The operations view: figures of the cluster, for operators only."""

from tests.browser.conftest import OpenConsole
from tests.support.stage import Stage


def test_figures_workers_and_topics(console: OpenConsole, stage: Stage, operator: str) -> None:
    source = stage.open()
    tab = console().enter(operator, "operations")
    tab.see("Open streams")
    tab.see(f"constellation:{stage.constellation}")
    workers = tab.page.get_by_role("region", name="Workers").locator("tbody tr")
    assert workers.count() == 1
    source.close()
    tab.page.locator("dt", has_text="client gone").wait_for()
    tab.page.locator(".chart .line[d*=L]").first.wait_for(state="attached")


def test_for_operators_alone(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token, "operations")
    tab.see("Orion")
    assert tab.page.get_by_role("link", name="Operations").count() == 0

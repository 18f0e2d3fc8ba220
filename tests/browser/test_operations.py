"""The operations view: figures of the cluster for operators, and for nobody else."""

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
    chart = tab.page.get_by_role("img", name="Delivered:")
    stage.notify("one")
    tab.page.wait_for_function("document.querySelector('.chart .area').getAttribute('d') !== ''")
    assert chart.count() == 1


def test_for_operators_alone(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token, "operations")
    tab.see("Orion")
    assert tab.page.get_by_role("link", name="Operations").count() == 0

"""Concepts: from a picture to swatches and bars, and a failure that can be retried."""

import re

from tests.browser.conftest import OpenConsole
from tests.support.hub import ROOT
from tests.support.stage import Stage


def test_a_sample_becomes_a_concept(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token, "concepts")
    tab.see("No concept yet")
    tab.button("Use a sample").click()
    tab.see("completed")
    swatch = tab.page.locator(".swatches li").first
    color = swatch.locator("code").inner_text()
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    painted = swatch.locator("i").evaluate("(it) => getComputedStyle(it).backgroundColor")
    assert painted == f"rgb({red}, {green}, {blue})"
    assert tab.page.locator(".picture rect").count() >= 2
    bar = tab.page.locator(".bars div", has_text="Brightness")
    assert re.search(r"\d+ %", bar.inner_text())
    tab.page.reload()
    tab.see("Its parts, as measured")
    assert tab.page.locator("svg.sketch rect").count() >= 3


def test_a_file_becomes_a_concept(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token, "concepts")
    tab.label("Picture").set_input_files(ROOT / "examples/ad.png")
    tab.button("Begin").click()
    tab.page.get_by_role("article").get_by_text("completed").wait_for()


def test_a_failure_is_told_and_tried_again(console: OpenConsole, stage: Stage) -> None:
    tab = console(may_fail=True).enter(stage.token, "concepts")
    tab.button("By address …").click()
    tab.ask("Begin", Name_of_the_ad="nowhere", Address_of_the_picture=f"{stage.hub.url}/health/live")
    tab.see("failed")
    tab.button("Try again").click()
    tab.page.locator(".concept .problem").wait_for()

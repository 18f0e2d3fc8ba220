"""The stream inspector: events with their ids, the filter, the pause, and the replay after a lost
connection."""

import pytest

from tests.browser.conftest import OpenConsole
from tests.support.console import Console
from tests.support.stage import Stage


@pytest.fixture
def tab(console: OpenConsole, stage: Stage) -> Console:
    tab = console().enter(stage.token, f"inspector/constellation/{stage.constellation}")
    tab.live()
    return tab


def rows(tab: Console, text: str) -> int:
    return tab.page.locator("tbody tr:visible", has_text=text).count()


def test_what_was_missed_is_made_up_for(tab: Console, stage: Stage) -> None:
    tab.label("Publish").fill("one")
    tab.button("Publish").click()
    tab.page.locator("tbody tr", has_text="one").wait_for()
    position = tab.label("Position").input_value()
    tab.button("Drop the connection").click()
    tab.see("You dropped the connection")
    stage.notify("two", "three")
    tab.button("Connect again").click()
    tab.see("Nothing was lost: 2 events made up for")
    tab.page.locator("tbody tr", has_text="three").wait_for()
    assert rows(tab, "two") == 1
    assert position and tab.label("Position").input_value() != position


def test_an_unknown_position_is_told(tab: Console) -> None:
    tab.button("Drop the connection").click()
    tab.label("Position").fill("garbage")
    tab.button("Connect again").click()
    tab.see("This position is unknown: load everything anew")


def test_pause_and_filter(tab: Console, stage: Stage) -> None:
    tab.button("Pause").click()
    stage.notify("apple", "pear")
    tab.see("2 events, 2 held back")
    assert rows(tab, "apple") == 0
    tab.button("Resume").click()
    tab.page.locator("tbody tr", has_text="pear").wait_for()
    tab.label("Filter").fill("APP")
    assert (rows(tab, "apple"), rows(tab, "pear")) == (1, 0)
    tab.button("Clear").click()
    tab.see("0 events")


def test_shortcuts(tab: Console, stage: Stage) -> None:
    tab.page.locator("body").press("d")
    tab.button("Connect again").wait_for()
    tab.page.keyboard.press("d")
    tab.live()
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("pd")  # typed into the field, not shortcuts
    assert tab.label("Filter").input_value() == "pd"
    tab.live()

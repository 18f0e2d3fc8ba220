"""Checks of every view: labels, contrast, the keyboard, narrow screens, and the bytes transferred."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import OpenConsole
from tests.support.console import Console
from tests.support.stage import Stage

VIEWS = ("constellations", "inspector", "gateway", "inbox", "concepts", "operations")
MOST_BYTES = 300_000
LOOK = (Path(__file__).parent / "look.js").read_text()


def settle(tab: Console, view: str) -> None:
    """Waits until the view shows its data."""
    tab.open(view)
    tab.page.locator(f"nav a[data-view={view}][aria-current=page]").wait_for()
    tab.page.locator("main h1").wait_for()
    tab.page.wait_for_load_state("load")


def each_view(tab: Console, stage: Stage) -> Any:
    yield "sign in"
    tab.enter(stage.token)
    for view in (*VIEWS[:-1], f"constellations/{stage.constellation}"):
        settle(tab, view) if "/" not in view else tab.open(view).live()
        yield view


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_and_contrast(console: OpenConsole, stage: Stage, operator: str, scheme: str) -> None:
    stage.token = operator
    stage.constellation = stage.hub.constellation(operator)
    tab = console(color_scheme=scheme).open()
    tab.see("Sign in to the hub")
    wrong = {}
    for view in each_view(tab, stage):
        found = tab.page.evaluate(LOOK)
        if found["unnamed"] or found["faint"]:
            wrong[view] = found
    settle(tab, "operations")
    tab.see("Memory")
    found = tab.page.evaluate(LOOK)
    assert (wrong, found["unnamed"], found["faint"]) == ({}, [], [])


def test_a_narrow_phone(console: OpenConsole, stage: Stage) -> None:
    tab = console(viewport={"width": 340, "height": 640}, has_touch=True).open()
    tab.see("Sign in to the hub")
    for view in each_view(tab, stage):
        width = tab.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 340, f"{view} is {width} wide"
    tab.button("New file").click()
    tab.ask("Create", Name="pocket.md")
    tab.label("Text").fill("Written on the way")
    tab.button("Save").click()
    tab.see("Saved at")


def test_little_is_transferred(console: OpenConsole, stage: Stage) -> None:
    tab = console()
    sizes: list[int] = []
    tab.page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    tab.open()
    tab.see("Sign in to the hub")
    for view in each_view(tab, stage):
        assert sum(sizes) < MOST_BYTES, view
    assert sum(sizes) > 30_000  # the transfer was measured


def test_the_keyboard_is_enough(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token)
    page = tab.page
    tab.see("Orion")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.get_by_role("link", name="Orion").focus()
    page.keyboard.press("Enter")
    tab.live()
    tab.button("New file").wait_for()
    page.keyboard.press("n")
    page.keyboard.type("by hand.md")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_role("heading", name="by hand.md").wait_for()
    page.keyboard.press("F2")  # the new file has the focus
    page.keyboard.type("renamed.md")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    tab.file("renamed.md").wait_for()
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Orion"
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").get_by_text("new folder").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("2")
    page.locator("nav a[data-view=inspector][aria-current=page]").wait_for()


def test_a_key_right_behind_the_one_that_closes_a_dialog(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token)
    tab.see("Orion")
    tab.page.keyboard.press("?")
    tab.page.get_by_role("dialog", name="Keyboard").wait_for()
    tab.page.evaluate(
        """() => {
            const box = document.getElementById("keys");
            box.closest("dialog").close(); // the event that it is closed comes later
            box.dispatchEvent(new KeyboardEvent("keydown", { key: "2", bubbles: true }));
        }"""
    )
    tab.page.locator("nav a[data-view=inspector][aria-current=page]").wait_for()


def test_the_theme_is_kept(console: OpenConsole, stage: Stage) -> None:
    tab = console(color_scheme="light").enter(stage.token)
    background = "getComputedStyle(document.body).backgroundColor"
    light = tab.page.evaluate(background)
    tab.button("Theme: system").click()
    tab.button("Theme: light").click()
    tab.button("Theme: dark").wait_for()
    dark = tab.page.evaluate(background)
    tab.page.reload()
    tab.button("Theme: dark").wait_for()
    assert light != dark == tab.page.evaluate(background)

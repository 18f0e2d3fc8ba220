"""A constellation in the browser: a change of one member appears in the other's tab."""

from tests.browser.conftest import OpenConsole
from tests.support.calls import new_name
from tests.support.console import Console
from tests.support.fixtures import StartStage
from tests.support.stage import Stage
from tests.support.wait import wait_until

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>.md"


def opened(console: OpenConsole, stage: Stage, token: str = "", **options: object) -> Console:
    tab = console(stage.hub.url, **options)
    tab.enter(token or stage.token, f"constellations/{stage.constellation}")
    tab.live()
    return tab


def new_file(stage: Stage, name: str, content: str = "Hello") -> str:
    root = stage.hub.root_folder(stage.constellation, stage.token)
    body = {"name": name, "content": content, "folder_uuid": root}
    return str(stage.hub.post("/files", token=stage.token, json=body).json()["file_uuid"])


def test_a_new_one_is_shown_at_once(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token)
    tab.button("New constellation").click()
    tab.ask("Create", Name="Lyra", Description="A harp")
    tab.see("A harp")
    tab.live()


def test_the_life_of_a_file(console: OpenConsole, stage: Stage) -> None:
    tab = opened(console, stage)
    tab.button("New folder").click()
    tab.ask("Create", Name="Drafts")
    tab.button("New file").click()
    tab.ask("Create", Name="first.md")
    tab.label("Text").fill("Once upon a time")
    tab.page.keyboard.press("Control+s")
    tab.see("Saved at")
    tab.button("Rename").click()
    tab.ask("Rename", Name="second.md")
    tab.page.get_by_role("heading", name="second.md").wait_for()
    tab.button("Delete", tab.page.locator(".column")).click()
    tab.ask("Delete")
    tab.see("No file is open")
    assert tab.file("second.md").count() == 0
    assert tab.file("Drafts").count() == 1


def test_two_tabs_see_each_others_edits(console: OpenConsole, stage: Stage) -> None:
    file = new_file(stage, "shared.md")
    _, bob = stage.join("WRITE")
    one, other = opened(console, stage), opened(console, stage, bob)
    for tab in (one, other):
        tab.file("shared.md").click()
        tab.label("Text").wait_for()
    one.label("Text").fill("From the one")
    one.button("Save").click()
    wait_until(lambda: other.label("Text").input_value() == "From the one", what="the other's text")
    other.label("Text").fill("Half a thought")
    one.label("Text").fill("Meanwhile")
    one.button("Save").click()
    other.see("Somebody changed this file while you were writing.")
    assert other.label("Text").input_value() == "Half a thought"
    other.button("Show theirs").click()
    assert other.label("Text").input_value() == "Meanwhile"
    other.label("New comment").fill("Well said")
    other.button("Comment").click()
    one.see("1 comment")
    assert stage.hub.get(f"/files/{file}", token=stage.token).json()["content"] == "Meanwhile"


def test_what_was_not_saved_is_there_again(console: OpenConsole, stage: Stage) -> None:
    file = new_file(stage, "draft.md")
    tab = opened(console, stage)
    tab.file("draft.md").click()
    tab.label("Text").fill("Half a thought")
    tab.page.get_by_role("link", name="Streams").click()
    tab.button("Drop the connection").wait_for()
    tab.page.go_back()
    tab.see("What you wrote here is not saved yet.")
    assert tab.label("Text").input_value() == "Half a thought"
    tab.page.get_by_role("link", name="Streams").click()
    tab.button("Drop the connection").wait_for()
    stage.hub.patch(f"/files/{file}", token=stage.token, json={"content": "Meanwhile"})
    tab.page.go_back()
    tab.see("Somebody changed this file while you were writing.")
    assert tab.label("Text").input_value() == "Half a thought"
    tab.button("Show theirs").click()
    assert tab.label("Text").input_value() == "Meanwhile"


def test_a_view_that_keys_lead_to_has_the_focus(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token)
    tab.page.keyboard.press("?")
    tab.page.get_by_role("dialog").get_by_text("Inbox", exact=True).wait_for()
    tab.page.keyboard.press("Escape")
    tab.button("Sign out").focus()
    tab.page.keyboard.press("4")
    tab.page.locator("main:focus").wait_for()
    tab.page.keyboard.press("1")
    tab.page.locator("main a.card").first.press("Enter")
    tab.live()
    tab.page.locator("main:focus").wait_for()


def test_comments_and_replies(console: OpenConsole, stage: Stage) -> None:
    file = new_file(stage, "talk.md")
    tab = opened(console, stage)
    tab.file("talk.md").click()
    tab.label("New comment").fill("Is this right?")
    tab.button("Comment").click()
    tab.see("1 comment")
    tab.button("Reply").click()
    tab.ask("Reply", Your_reply="It is")
    tab.see("2 comments")
    tab.button("Edit", tab.page.locator(".comments")).last.click()
    tab.ask("Save", Comment="It is indeed")
    tab.see("It is indeed")
    tab.button("Delete", tab.page.locator(".comments")).first.click()
    tab.ask("Delete")
    tab.see("Nothing was said yet.")
    assert stage.hub.get(f"/files/{file}/comments", token=stage.token).json() == {"comments": []}


def test_members_come_change_and_go(console: OpenConsole, stage: Stage) -> None:
    bob = new_name("Bob")
    uuid, token = stage.hub.register(bob)
    tab = opened(console, stage)
    tab.button("Add").click()
    tab.ask("Add", Id_of_the_account=uuid)
    reader = opened(console, stage, token)
    reader.see("You may read here.")
    tab.label(f"Rights of {bob}").select_option("WRITE")
    reader.button("New file").wait_for()
    tab.page.get_by_role("listitem").filter(has_text=bob).get_by_role("button", name="Remove").click()
    tab.ask("Remove")
    reader.see("You can't see this constellation")


def test_a_hostile_name_is_only_text(console: OpenConsole, stage: Stage) -> None:
    tab = opened(console, stage)
    tab.button("New file").click()
    tab.ask("Create", Name=HOSTILE)
    tab.label("Text").fill(HOSTILE)
    tab.button("Save").click()
    tab.label("New comment").fill(HOSTILE)
    tab.button("Comment").click()
    tab.see("1 comment")
    stage.notify(HOSTILE)
    tab.page.locator(".news li", has_text="onerror").last.wait_for()
    assert tab.file(HOSTILE).count() == 1
    assert tab.page.locator("img[src=x], main script").count() == 0
    # No script ran: the fixture fails on a dialog and on a violation of the policy.


def test_it_comes_back_when_the_server_does(start_stage: StartStage, console: OpenConsole) -> None:
    stage = start_stage()
    tab = opened(console, stage, may_fail=True)
    stage.hub.terminate()
    tab.page.locator(".live[data-state=waiting]").wait_for()
    stage.hub.spawn()
    stage.hub.wait_ready()
    new_file(stage, "meanwhile.md")
    tab.live()
    tab.file("meanwhile.md").wait_for()


def test_a_deleted_constellation_is_gone_for_everybody(console: OpenConsole, stage: Stage) -> None:
    tab = opened(console, stage)
    assert stage.hub.delete(f"/constellations/{stage.constellation}", token=stage.token).status_code == 200
    tab.see("You can't see this constellation")

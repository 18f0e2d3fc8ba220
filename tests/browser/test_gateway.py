"""Both sides of the gateway: a bot that answers, a mention, and a hub with GATEWAY_AUTH=token."""

import json

from tests.browser.conftest import OpenConsole
from tests.support.calls import new_name
from tests.support.console import Console
from tests.support.fixtures import StartStage
from tests.support.stage import Stage


def bot(console: OpenConsole, stage: Stage, name: str) -> Console:
    """A tab in which the account is connected as a bot of this name."""
    tab = console(stage.hub.url).enter(stage.token, "gateway")
    tab.label("Name").fill(name)
    tab.button("Connect").click()
    tab.see(f"Connected as {name}")
    return tab


def talk(tab: Console) -> list[str]:
    return tab.page.get_by_role("list", name="Conversation").locator("p").all_inner_texts()


def test_a_question_and_its_answer_in_parts(console: OpenConsole, stage: Stage) -> None:
    name = new_name("bot").replace("-", "_")
    answering, asking = bot(console, stage, name), console().enter(stage.token, "gateway")
    asking.label("To").fill(name)
    asking.label("Message").fill("What is the weather?")
    asking.button("Ask").click()
    answering.see("What is the weather?")
    for part, button in (("Well,", "Send"), ("<b>sunny</b>", "Send as the last")):
        answering.label("Your answer").fill(part)
        answering.button(button).click()
        asking.see(part)
    assert talk(asking) == ["What is the weather?", "Well,", "<b>sunny</b>"]
    asking.button("Stop listening").wait_for(state="hidden")


def test_nobody_there(console: OpenConsole, stage: Stage) -> None:
    tab = console().enter(stage.token, "gateway")
    tab.label("To").fill(new_name("nobody"))
    tab.button("Ask").click()
    tab.see("User not connected")
    tab.button("Only send").click()
    tab.page.locator(".talk .warn").nth(1).wait_for()


def test_a_mention_goes_to_the_bot(start_stage: StartStage, console: OpenConsole) -> None:
    stage = start_stage()
    mentioned, asking = bot(console, stage, "ci_bot"), console(stage.hub.url).enter(stage.token, "gateway")
    asking.see("1 connection at the moment")
    asking.label("Message").fill("Is it green, @ci_bot?")
    asking.button("Only send").click()
    asking.see("Message delivered")
    mentioned.see("Is it green, @ci_bot?")


def test_where_tokens_are_asked_for(start_stage: StartStage, console: OpenConsole) -> None:
    stage = start_stage(GATEWAY_AUTH="token", CLIENT_ID="shop", CLIENT_SECRET="a secret of the shop")
    tab = console(stage.hub.url).enter(stage.token, "gateway")
    tab.see("This hub lets only back ends ask and push.")
    tab.button("Connect").click()  # as the account itself
    tab.see("Connected as")
    tab.label("Client id").fill("shop")
    tab.label("Client secret").fill("a secret of the shop")
    tab.button("Use it").click()
    tab.see("Signed in as this back end.")
    tab.label("To").fill(stage.alice)
    tab.label("Message").fill(json.dumps({"to": "myself"}))
    tab.button("Only send").click()
    tab.see("Message delivered")

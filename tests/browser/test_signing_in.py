"""Signing in and out, registering, and the demo's users."""

from tests.browser.conftest import OpenConsole
from tests.support.calls import PASSWORD, new_name
from tests.support.fixtures import StartHub
from tests.support.stage import Stage


def test_in_and_out(console: OpenConsole, stage: Stage) -> None:
    tab = console().sign_in(stage.name)
    tab.see("Orion")
    tab.page.reload()
    tab.see("Orion")  # the cookie is enough
    tab.button("Sign out").click()
    tab.see("Sign in to the hub")
    tab.page.reload()
    tab.see("Sign in to the hub")


def test_signing_out_takes_back_what_scripts_hold(console: OpenConsole, stage: Stage) -> None:
    tab = console().sign_in(stage.name)
    token = tab.page.evaluate("fetch('/console/token', {method: 'POST'}).then((it) => it.json())")
    assert stage.hub.get("/constellations", token=token["access_token"]).status_code == 200
    tab.button("Sign out").click()
    tab.see("Sign in to the hub")
    assert stage.hub.get("/constellations", token=token["access_token"]).status_code == 401


def test_a_wrong_password_is_told_kindly(console: OpenConsole, stage: Stage) -> None:
    tab = console(may_fail=True).open()
    tab.label("Name or e-mail").fill(stage.name)
    tab.label("Password").fill("not this one")
    tab.button("Sign in").click()
    tab.see("Name or password is wrong.")


def test_registering(console: OpenConsole) -> None:
    name = new_name("Dora")
    tab = console().open()
    tab.button("Create an account").click()
    tab.label("Name").fill(name)
    tab.label("E-mail").fill(f"{name}@example.org")
    tab.label("Password").fill(PASSWORD)
    tab.button("Create account").click()
    tab.see("No constellation yet")
    tab.button(name).click()
    tab.see(f"{name}@example.org".lower())


def test_registering_only_where_it_is_allowed(console: OpenConsole, hub: StartHub) -> None:
    tab = console(hub(ALLOW_REGISTRATION="0").url).open()
    tab.see("Sign in to the hub")
    assert tab.button("Create an account").count() == 0


def test_the_demo_is_one_click_away(console: OpenConsole, hub: StartHub) -> None:
    process = hub()
    process.flask("seed", "--demo")
    tab = console(process.url).open()
    tab.page.get_by_role("button", name="alice").click()
    tab.see("Demo")

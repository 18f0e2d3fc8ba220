"""The console as a person has it before them: a page of Chromium that notes what a page should not do."""

from __future__ import annotations

import shutil
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

from tests.support.calls import PASSWORD

# Debian's name and those of other systems; a browser is never downloaded.
NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 30_000  # a busy machine may let Chromium draw nothing for seconds
VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    # Chromium's own sandbox refuses to run as root, which tests in containers are.
    return playwright.chromium.launch(
        executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
    )


class Console:
    """One tab. `problems` are errors on its console and violations of the policy, `dialogs` scripts' own."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.url = context, url
        self.problems: list[str] = []
        self.dialogs: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.add_init_script(VIOLATIONS)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", self._dismiss)

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(f"{message.text} {message.location.get('url', '')}")

    def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, address: str = "") -> Console:
        """`address` is what stands behind the #."""
        self.page.goto(f"{self.url}/{address and '#/' + address}")
        return self

    def sign_in(self, name: str, address: str = "", password: str = PASSWORD) -> Console:
        self.open(address)
        self.label("Name or e-mail").fill(name)
        self.label("Password").fill(password)
        self.button("Sign in").click()
        self.page.get_by_role("navigation", name="Views").wait_for()
        return self

    def enter(self, token: str, address: str = "") -> Console:
        """As a user who signed in before: the account's token is in the cookie."""
        self.context.add_cookies([{"name": "auth_token", "value": token, "url": self.url, "httpOnly": True}])
        self.open(address)
        self.page.get_by_role("navigation", name="Views").wait_for()
        return self

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def label(self, text: str) -> Locator:
        return self.page.get_by_label(text, exact=True)

    def text(self, text: str) -> Locator:
        return self.page.get_by_text(text)

    def see(self, text: str) -> None:
        """Waits until the text is to be seen."""
        self.text(text).first.wait_for()

    def file(self, name: str) -> Locator:
        """A line of the tree."""
        return self.page.get_by_role("treeitem", name=name, exact=True)

    def ask(self, verb: str, **values: str) -> None:
        """Fills the open dialog, by label, and confirms it."""
        dialog = self.page.get_by_role("dialog")
        for label, value in values.items():
            dialog.get_by_label(label.replace("_", " "), exact=True).fill(value)
        self.button(verb, dialog).click()
        dialog.wait_for(state="detached")

    def live(self) -> None:
        """Waits until the view's stream is open."""
        self.page.locator(".live[data-state=open]").wait_for()

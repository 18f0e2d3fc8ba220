"""Takes the screenshots in `docs/screenshots`: `make screenshots`. Names and texts are invented."""

from gevent import monkey

monkey.patch_all()

import json
import tempfile
import threading
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from websocket import create_connection

from tests.support.console import Console, launch
from tests.support.eventsource import EventSource
from tests.support.hub import ROOT, HubProcess
from tests.support.wait import wait_until

FOLDER = ROOT / "docs/screenshots"
SIZES = {"": {"width": 1200, "height": 780}, "-phone": {"width": 375, "height": 720}}
PLAN = "# Spring issue\n\n- Monday: the cover\n- Tuesday: the letter to readers\n- Wednesday: rest\n"
CALM = "document.activeElement.blur(); document.getElementById('toasts').replaceChildren(); scrollTo(0, 0)"
MESSAGES = ("The spring issue is out", "Your parcel has left the house", "Maintenance tonight at 22:00")


class Scene:
    """A hub with sample data."""

    def __init__(self, hub: HubProcess) -> None:
        self.hub = hub
        _, self.token = hub.register("Alice")
        bob, self.bob = hub.register("Bob")
        hub.flask("user", "admin", "Alice")
        self.constellation = hub.constellation(self.token, "Spring issue")
        hub.connect(self.constellation, self.token, bob, "WRITE")
        self.post("/constellations", name="Reading room", description="What we read, and why")
        root = hub.root_folder(self.constellation, self.token)
        drafts = self.post("/folders", name="Drafts", parent_folder_uuid=root)["folder_uuid"]
        self.post("/files", name="letter.md", content="Dear readers,", folder_uuid=drafts)
        plan = self.post("/files", name="plan.md", content=PLAN, folder_uuid=root)["file_uuid"]
        said = self.post(f"/files/{plan}/comments", token=self.bob, content="Is Tuesday too early?")
        self.post(f"/files/{plan}/comments/{said['comment_uuid']}", content="The printer says it is fine.")
        for payload in MESSAGES:
            self.post("/api/message/notify", users=["Alice"], payload=payload)
        self.plan = plan

    def post(self, path: str, token: str = "", **body: Any) -> Any:
        answer = self.hub.post(path, token=token or self.token, json=body)
        assert answer.ok, answer.text
        return answer.json()

    def answer_questions(self) -> None:
        """A bot that knows the weather."""
        socket = create_connection(f"ws{self.hub.url[4:]}/ws?user_id=weather_bot", suppress_origin=True)

        def serve() -> None:
            while text := socket.recv():
                question = json.loads(text)
                frame = {"correlation_id": question["correlation_id"], "user_id": "weather_bot"}
                for answer in ("Let me look out of the window …", "Clear until the evening, 19 °C."):
                    socket.send(json.dumps({**frame, "message": answer}))
                socket.send(json.dumps({**frame, "message": "Then rain.", "is_final": True}))

        threading.Thread(target=serve, daemon=True).start()


def constellation(tab: Console, scene: Scene) -> None:
    tab.open(f"constellations/{scene.constellation}/{scene.plan}").live()
    tab.see("2 comments")
    root = scene.hub.root_folder(scene.constellation, scene.token)
    scene.post("/files", token=scene.bob, name="cover.md", content="", folder_uuid=root)
    tab.see("File cover.md created")
    tab.file("cover.md").first.wait_for()


def streams(tab: Console, scene: Scene) -> None:
    tab.open(f"inspector/constellation/{scene.constellation}").live()
    tab.button("Publish").click()
    tab.see("1 event")
    tab.button("Drop the connection").click()
    for step in range(1, 4):
        scene.hub.notify(scene.constellation, scene.token, json.dumps({"step": step}))
    tab.button("Connect again").click()
    tab.see("Nothing was lost")
    tab.page.locator("tbody tr", has_text='"step": 3').wait_for()


def gateway(tab: Console, scene: Scene) -> None:
    tab.open("gateway").label("To").fill("weather_bot")
    tab.label("Message").fill("Do I need an umbrella?")
    tab.button("Ask").click()
    tab.see("Then rain.")


def inbox(tab: Console, scene: Scene) -> None:
    tab.open("inbox/Alice").live()
    tab.see("Maintenance tonight")


def concepts(tab: Console, scene: Scene) -> None:
    tab.open("concepts").label("Picture").set_input_files(ROOT / "examples/ad.png")
    tab.button("Begin").click()
    drawn = tab.page.get_by_role("article").first
    for part in (".picture rect", ".swatches"):
        drawn.locator(part).first.wait_for()


def operations(tab: Console, scene: Scene) -> None:
    readers = [EventSource(scene.hub.updates_url(scene.constellation), token=scene.token) for _ in range(12)]
    tab.open("operations").see("Memory")
    line = tab.page.locator(".chart .line").first

    def is_drawn() -> bool:
        scene.hub.notify(scene.constellation, scene.token, "tick")
        return (line.get_attribute("d") or "").count("L") >= 8

    wait_until(is_drawn, 40, "a line of eight samples", interval=0.2)
    for reader in readers[:5]:
        reader.close()
    tab.page.locator("dt", has_text="client gone").wait_for()
    for reader in readers[5:]:
        reader.close()


SHOTS = (constellation, streams, gateway, inbox, concepts, operations)


def draw(browser: Browser, scene: Scene) -> None:
    for suffix, size in SIZES.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
            tab = Console(context, scene.hub.url).open()
            tab.see("Sign in to the hub")
            save(tab, f"sign-in{suffix}-{scheme}")
            tab.enter(scene.token)
            # The phone shows the same as the wide screen: the light theme is enough.
            for shot in SHOTS if scheme == "light" or not suffix else ():
                shot(tab, scene)
                save(tab, f"{shot.__name__}{suffix}-{scheme}")
            context.close()


def save(tab: Console, name: str) -> None:
    tab.page.evaluate(CALM)
    path = FOLDER / f"{name}.png"
    tab.page.screenshot(path=path)
    Image.open(path).quantize(256, Image.Quantize.MAXCOVERAGE).save(
        path, optimize=True
    )  # a third of the size


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        hub = HubProcess(Path(directory))
        try:
            scene = Scene(hub.start())
            scene.answer_questions()
            browser = launch(playwright)
            draw(browser, scene)
            browser.close()
        finally:
            hub.stop()


if __name__ == "__main__":
    main()

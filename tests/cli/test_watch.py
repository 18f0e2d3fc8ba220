"""flask watch TOPIC"""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from app.cli.eventstream import StreamEvent
from app.cli.watch import line
from tests.support.calls import new_name
from tests.support.fixtures import StartHub
from tests.support.hub import HubProcess
from tests.support.process import free_port
from tests.support.services import RedisServer
from tests.support.shell import following

Run = Callable[..., Result]
Beside = Callable[..., Run]
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def made(hub: HubProcess) -> tuple[str, str, str]:
    """A constellation: its name, its uuid, and its owner's token."""
    name = new_name("Orion")
    _, token = hub.register(new_name("Alice"))
    return name, hub.constellation(token, name), token


def told(run: Run, *payloads: str) -> str:
    """A recipient with these waiting messages."""
    name = new_name("dora")
    for payload in payloads:
        assert run("publish", "--new", f"recipient:{name}", payload).exit_code == 0
    return name


def operator(run: Run) -> str:
    """A token of a new one."""
    name = new_name("Olga")
    assert run("user", "create", name, f"{name}@example.org", "--password", "x", "--operator").exit_code == 0
    return str(run("token", name).stdout).strip()


def test_events_are_shown_as_they_come(shared_hub: HubProcess) -> None:
    name, uuid, token = made(shared_hub)
    with following(shared_hub, name) as watch:
        shared_hub.notify(uuid, token, "lunch is ready\nreally")
        body = {"name": "plan.md", "content": "", "folder_uuid": shared_hub.root_folder(uuid, token)}
        shared_hub.post("/files", token=token, json=body)
        shown = watch.wait_for("file.created")
        assert f"following constellation {name} at {shared_hub.url}" in shown
        assert "lunch is ready\n    really\n" in shown and '"name":"plan.md"' in shown
        assert "\x1b" not in shown
        assert watch.interrupt() == 130
        assert "Traceback" not in watch.text and "Interrupt" not in watch.text


def test_json_is_an_object_per_line(here: Run) -> None:
    name = told(here, "one", "two")
    result = here("watch", f"recipient:{name}", "--json", "--limit", 2)
    lines = [json.loads(text) for text in result.stdout.splitlines()]
    assert (result.exit_code, [json.loads(it["data"])["payload"] for it in lines]) == (0, ["one", "two"])
    assert all(it.keys() == {"time", "event", "id", "data"} and it["event"] == "message" for it in lines)


def test_colours_where_somebody_looks(here: Run) -> None:
    name = told(here, "hello\x1b[2J")
    shown = here("watch", name, "--limit", 1).stdout
    assert "hello [2J" in shown and "\x1b" not in shown
    assert "\x1b[36m" in line(StreamEvent("message", "hello", "1"))


def test_json_for_terminals(here: Run) -> None:
    """U+009B is ESC [ in one character, and U+202E turns what follows round."""
    text = "a\x1b\x7f\u009b2J\u2028\u202e\U000e0001é😀"
    shown = here("watch", told(here, text), "--limit", 1, "--json").stdout.removesuffix("\n")
    assert shown.isprintable() and "é😀" in shown
    assert json.loads(json.loads(shown)["data"])["payload"] == text


def test_a_while(here: Run) -> None:
    result = here("watch", f"recipient:{told(here, 'one')}", "--seconds", 4)
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)


@pytest.mark.parametrize("has_redis", [True, False])
def test_it_comes_back_after_a_restart(hub: StartHub, own_redis: RedisServer, has_redis: bool) -> None:
    """With the missed events, or with the message that they are lost."""
    process = hub(redis_url=own_redis.url if has_redis else None)
    name, uuid, token = made(process)
    with following(process, name) as watch:
        process.notify(uuid, token, "before")
        watch.wait_for("before")
        process.terminate()
        watch.wait_for("the hub closed the stream (shutdown)")
        process.spawn()
        process.wait_ready()
        process.notify(uuid, token, "meanwhile")
        watch.wait_for("resumed: " if has_redis else "reset (history_lost)")
        process.notify(uuid, token, "after")
        shown = watch.wait_for("after")
        assert (shown.count("before"), shown.count("after")) == (1, 1)
        assert not has_redis or shown.count("meanwhile") == 1


def test_what_waits_is_shown_once(hub: StartHub, beside: Beside) -> None:
    """A recipient's stream repeats all waiting messages at each connection."""
    process = hub()
    run = beside(process)
    name = told(run, "one")
    with following(process, name) as watch:
        watch.wait_for("one")
        process.terminate()
        watch.wait_for(f"No hub answers at {process.url}\n")
        process.spawn()
        process.wait_ready()
        watch.wait_for("back on ")
        assert run("publish", name, "two").exit_code == 0
        assert watch.wait_for("  two").count("  one") == 1


def test_the_end_of_what_is_watched(shared_hub: HubProcess) -> None:
    _, uuid, token = made(shared_hub)
    with following(shared_hub, f"constellation:{uuid}") as watch:
        shared_hub.delete(f"/constellations/{uuid}", token=token)
        assert watch.wait() == 1
        assert "Error: The stream ended: it was deleted." in watch.text


def test_a_concept_to_its_end(shared_hub: HubProcess, here: Run) -> None:
    _, token = shared_hub.register(new_name("Alice"))
    ad = new_name("ad")
    body = {"ad_archive_id": ad, "image_url": PIXEL}
    id = shared_hub.post("/api/ad-concepts", token=token, json=body).json()["id"]
    result = here("watch", ad)
    assert result.exit_code == 0 and f"following concept {ad}" in result.stderr
    assert '"completed"' in result.stdout.splitlines()[-1] or '"failed"' in result.stdout.splitlines()[-1]
    assert here("watch", f"concept:{id}:messages", "--json").exit_code == 0


def test_by_number(shared_hub: HubProcess, here: Run) -> None:
    """By its number, as operators see it."""
    name = told(here, "one")
    rows = shared_hub.get("/api/user?page=1&per_page=500", token=operator(here)).json()["list"]
    number = next(row["id"] for row in rows if row["external_id"] == name)
    assert "one" in here("watch", f"inbox:{number}", "--limit", 1).stdout
    assert "There is no inbox" in here("watch", "inbox:999999999999").stderr


def test_with_a_token_of_ones_own(shared_hub: HubProcess, here: Run, beside: Beside) -> None:
    """Without a database lookup and without a token of its own."""
    name, _, token = made(shared_hub)
    stranger = beside(shared_hub, DATABASE_URL="sqlite:////nowhere/hub.db", JWT_SECRET_KEY="x" * 32)
    remote = ("--url", shared_hub.url, "--token")
    assert stranger("watch", name, "--seconds", 4, *remote, token).exit_code == 0
    assert "Orion" in stranger("watch", "orion", "--seconds", 4, *remote, token).stderr
    assert "There is no" in stranger("watch", new_name("Orion"), *remote, token).stderr
    recipient, manager = told(here, "one"), operator(here)
    assert "one" in stranger("watch", f"recipient:{recipient}", "--limit", 1, *remote, manager).stdout
    subscriber = shared_hub.get(f"/api/user/{recipient}/token", token=manager).json()["access_token"]
    assert "one" in stranger("watch", recipient, "--limit", 1, *remote, subscriber).stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing-like-it"], "There is no constellation or concept or recipient nothing-like-it: "),
        (["recipient:"], "There is no"),
        (["x", "--token", "abc"], "--token is no token of a hub"),
        (["x", "--user", "no\x1bbody"], "There is no account named no body: "),
    ],
)
def test_refusals(here: Run, arguments: list[str], sentence: str) -> None:
    result = here("watch", *arguments)
    assert (result.exit_code, result.stdout) == (1, "") and sentence in result.stderr


def test_what_was_meant(shared_hub: HubProcess, here: Run) -> None:
    name, uuid, token = made(shared_hub)
    assert f"is it constellation:{name}" in here("watch", name.upper()[:-1]).stderr
    other = shared_hub.constellation(token, name)
    sentence = here("watch", name).stderr
    assert "may be one of several" in sentence and uuid in sentence and other in sentence


def test_no_hub(shared_hub: HubProcess, here: Run) -> None:
    name, _, _ = made(shared_hub)
    url = f"http://127.0.0.1:{free_port()}"
    result = here("watch", name, "--url", url)
    assert result.exit_code == 1 and f"No hub answers at {url}: start it with `make run`" in result.stderr
    assert here("watch", name, "--url", "ftp://x").exit_code == 2


def test_another_hubs_tokens(shared_hub: HubProcess, beside: Beside) -> None:
    name, _, _ = made(shared_hub)
    result = beside(shared_hub, JWT_SECRET_KEY="another secret that is long enough")("watch", name)
    assert result.exit_code == 1 and "does not know the tokens of this configuration" in result.stderr


def test_somebody_without_rights(shared_hub: HubProcess, here: Run) -> None:
    name, _, _ = made(shared_hub)
    charlie = new_name("Charlie")
    shared_hub.register(charlie)
    assert "Not a member of this constellation" in here("watch", name, "--user", charlie).stderr
    assert f"is it {charlie}?" in here("watch", name, "--user", charlie.lower()).stderr

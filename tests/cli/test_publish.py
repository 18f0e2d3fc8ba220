"""flask publish TOPIC"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.calls import new_name
from tests.support.eventsource import EventSource
from tests.support.hub import HubProcess
from tests.support.shell import Command, shell
from tests.support.stage import Stage

Run = Callable[..., Result]


def told(source: EventSource, count: int) -> list[str]:
    """What the last so many events say."""
    source.wait_for(lambda it: len(it.messages) >= count)
    return [event.data for event in source.messages]


def test_an_event(stage: Stage, here: Run) -> None:
    source = stage.open()
    result = here("publish", stage.constellation, "Lunch is ready: ä")
    assert (result.exit_code, result.stdout) == (0, "published to constellation Orion\n")
    assert told(source, 1) == ["Lunch is ready: ä"]


@pytest.mark.parametrize("dash", [["-"], []])
def test_from_stdin(stage: Stage, here: Run, dash: list[str]) -> None:
    source = stage.open()
    result = here("publish", f"constellation:{stage.constellation}", *dash, "--json", input="two\nlines\n")
    assert json.loads(result.stdout)["status"] == "success"
    assert told(source, 1) == ["two\nlines"]


def test_each_line(stage: Stage, here: Run) -> None:
    source = stage.open()
    result = here("publish", stage.constellation, "--lines", input="one\r\n\ntwo")
    assert result.stdout == "3 events published to constellation Orion.\n"
    assert told(source, 3) == ["one", "", "two"]


def test_the_lines_of_a_file(stage: Stage, tmp_path: Path) -> None:
    source = stage.open()
    (tmp_path / "lines").write_text("".join(f"{number}\n" for number in range(50)))
    result = shell(stage.hub, "publish", stage.constellation, "--lines", "--json", file=tmp_path / "lines")
    assert result.stdout.count('"success"') == 50 and result.stderr == ""
    assert told(source, 50) == [str(number) for number in range(50)]


def test_a_line_that_can_not_be_published(stage: Stage, here: Run) -> None:
    source = stage.open()
    result = here("publish", stage.constellation, "--lines", input=b"one\n\xff\nthree\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Line 2, after 1 were published: The body is not valid UTF-8" in result.stderr
    assert told(source, 1) == ["one"]


def test_ctrl_c_while_the_next_line_is_awaited(stage: Stage) -> None:
    command = Command(stage.hub, "publish", stage.constellation, "--lines", "--json", listens=True)
    command.type("one")
    command.wait_for("success")
    assert command.interrupt() == 130 and "Traceback" not in command.text


def test_messages(here: Run, shared_hub: HubProcess) -> None:
    name = new_name("dora")
    assert "There is no recipient" in here("publish", f"recipient:{name}", "hello").stderr
    result = here("publish", "--new", f"recipient:{name}", "hello")
    assert result.exit_code == 0 and result.stdout.endswith(" to 1 recipients\n")
    assert json.loads(here("publish", name, "again", "--json").stdout)["recipients"] == 1
    shown = here("watch", name, "--limit", 2).stdout
    assert "hello" in shown and "again" in shown


def test_a_group(here: Run, shared_hub: HubProcess) -> None:
    name, group = new_name("dora"), new_name("readers")
    token = here("token", _operator(here)).stdout.strip()
    shared_hub.post("/api/group", token=token, json={"name": group, "users": [name, f"{name}-2"]})
    assert here("publish", f"group:{group}", "hello").stdout.endswith(" to 2 recipients\n")
    remote = ("--token", token)
    assert here("publish", f"group:{group}", "hello", *remote).stdout.endswith(" to 2 recipients\n")


def _operator(run: Run) -> str:
    name = new_name("Olga")
    assert run("user", "create", name, f"{name}@example.org", "--password", "x", "--operator").exit_code == 0
    return name


def test_as_somebody(stage: Stage, here: Run) -> None:
    stranger = new_name("Charlie")
    stage.hub.register(stranger)
    assert here("publish", stage.constellation, "x", "--user", stage.name).exit_code == 0
    assert "Not a member" in here("publish", stage.constellation, "x", "--user", stranger).stderr
    assert here("publish", stage.constellation, "x", "--token", stage.token).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nothing-like-it", "x"], 1, "There is no constellation or recipient nothing-like-it"),
        (["concept:x", "x"], 1, "There is no constellation or recipient concept:x"),
        (["X", "x", "--lines"], 2, "--lines reads stdin"),
        (["X", "x", "--new"], 2, "--new is for recipient:NAME"),
        (["X", "x", "--user", "a", "--token", "b"], 2, "leave --token out"),
    ],
)
def test_refusals(here: Run, arguments: list[str], code: int, sentence: str) -> None:
    result = here("publish", *arguments)
    assert (result.exit_code, result.stdout) == (code, "") and sentence in result.stderr


def test_what_is_no_text(stage: Stage, here: Run) -> None:
    assert "not valid UTF-8" in here("publish", stage.constellation, input=b"\xff").stderr
    assert "must be UTF-8" in here("publish", "--new", "recipient:dora", input=b"\xff").stderr

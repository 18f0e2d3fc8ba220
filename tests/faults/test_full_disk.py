"""The disk that SQLite's file is on is full."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.faults.editor import Editor, told
from tests.faults.small_disk import small_disk
from tests.faults.table import Outcome
from tests.faults.watch import Messages, total
from tests.support.calls import PASSWORD, new_name
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.inbox import CLIENT, service_token
from tests.support.stage import Stage
from tests.support.wait import wait_until

PLAN = "plan.md"  # made before, for what changes a file


@pytest.mark.fault("The disk is full (SQLite)")
def test_a_full_disk(start_stage: StartStage, tmp_path: Path, outcome: Outcome) -> None:
    with small_disk(tmp_path / "disk") as disk:
        url = f"sqlite:///{tmp_path / 'disk' / 'hub.db'}"
        stage = start_stage(database_url=url, HEARTBEAT_SECONDS="1", **CLIENT)
        hub = stage.hub
        source = stage.open()
        with Messages(hub) as messages, Editor(stage) as editor:
            wait_until(lambda: len(editor.made) > 20 and len(messages.sent) > 20, 20, "work under way")
            calls = writes(stage)

            disk.fill(hub)
            wait_until(lambda: editor.answers[503] > 5, 20, lambda: str(editor.answers))
            answers = {call: hub.request(*call, **options) for call, options in calls.items()}
            assert {answer.status_code for answer in answers.values()} == {503}, answers
            for answer in answers.values():
                assert_refusal(answer)
            assert len(editor.stored()) >= len(editor.made) - 1  # one may be on its way
            stage.notify("meanwhile")
            source.wait_for(lambda it: "meanwhile" in it.data)
            stage.open().close()
            ready = hub.get("/health/ready").status_code
            disk.free(hub)

            before = len(editor.made)
            wait_until(lambda: len(editor.made) > before + 20, 20, "work to go on")
            made, kept = editor.end(), messages.wait_arrived()
        assert set(editor.answers) == {201, 503}
        source.wait_for(lambda it: [name for name in told(it) if name != PLAN] == made)
        assert source.attempts == 1
        refused = total(read(hub), "hub_http_requests_total", "POST", "/files", "503")
        assert "database or disk is full" in hub.log or not disk.can_log
        assert hub.terminate().code == 0
        hub.spawn()
        hub.wait_ready()
        assert editor.stored() == {PLAN, *made}

        outcome.clients(
            f"on {disk.name}, every change of every family is answered by 503 with `Retry-After`"
            f" ({editor.answers[503]} files refused); reading, notifications and streams go on, also new ones"
        )
        outcome.ready(f"{ready}: what reads is served; the log says `database or disk is full`")
        outcome.metrics(f'`hub_http_requests_total{{route="/files",status="503"}}` {refused}')
        outcome.kept(
            f"{len(made)} files answered by 201, and no other, are stored, also after a restart, and told in"
            f" order; {kept} messages, all there; writing works again as soon as there is room"
        )


Call = tuple[str, str]


def writes(stage: Stage) -> dict[Call, dict[str, Any]]:
    """What each family has to write."""
    hub, token = stage.hub, stage.token
    service = service_token(hub)
    folder = hub.root_folder(stage.constellation, token)
    file = hub.post("/files", token=token, json={"name": PLAN, "content": "", "folder_uuid": folder})
    path = f"/files/{file.json()['file_uuid']}"
    account = {"name": new_name("Bob"), "email": f"{new_name('bob')}@example.org", "password": PASSWORD}
    ad = {"ad_archive_id": "1", "image_url": "data:image/png;base64,AAAA"}
    return {
        ("POST", "/register"): {"json": account},
        ("POST", "/logout"): {"token": hub.login(stage.name)},
        ("PATCH", path): {"token": token, "json": {"content": "x" * 10_000}},
        ("DELETE", path): {"token": token},
        ("POST", f"{path}/comments"): {"token": token, "json": {"content": "mine"}},
        ("POST", "/constellations"): {"token": token, "json": {"name": "Lyra"}},
        ("POST", "/api/message/notify"): {"token": service, "json": {"users": ["emil"], "payload": "x"}},
        ("POST", "/api/user"): {"token": service, "json": {"user_id": "emil"}},
        ("POST", "/api/group"): {"token": service, "json": {"name": "all", "users": ["emil"]}},
        ("POST", "/api/ad-concepts"): {"token": token, "json": ad},
    }


def assert_refusal(answer: requests.Response) -> None:
    body = answer.json()
    assert (body["status"], bool(body["error"])) == (503, True), json.dumps(body)
    assert int(answer.headers["Retry-After"]) > 0

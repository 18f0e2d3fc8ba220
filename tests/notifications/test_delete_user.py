"""DELETE /api/user/{user_id}"""

import pytest
from flask import Flask

from tests.cast import NothingChanges, Person, assert_refused
from tests.notifications.conftest import OpenInbox, Service, subscriber_token

pytestmark = pytest.mark.both_databases


def test_it_goes_with_its_inbox_and_memberships(shop: Service) -> None:
    shop.group("staff", "dora", "emil")
    shop.notify(groups=("staff",))
    response = shop.delete("/api/user/dora")
    assert (response.status_code, response.data) == (204, b"")
    assert [user["external_id"] for user in shop.get("/api/user").get_json()["list"]] == ["emil"]
    assert shop.get("/api/group").get_json()["list"][0]["members"] == 1
    assert shop.unread("emil") == ["hello"]
    shop.notify("dora", payload="anew")
    assert shop.unread("dora") == ["anew"]


def test_absent_ones(shop: Service, nothing_changes: NothingChanges) -> None:
    shop.notify("dora")
    with nothing_changes():
        for user in ("emil", "Dora", "1", "dora/x"):
            assert assert_refused(shop.delete(f"/api/user/{user}"), 404) == "User not found"


def test_its_streams_end(shop: Service, open_inbox: OpenInbox) -> None:
    inboxes, other = [open_inbox("dora"), open_inbox("dora")], open_inbox("emil")
    for inbox in (*inboxes, other):
        inbox.wait_for("ping")
    shop.delete("/api/user/dora")
    for inbox in inboxes:
        assert inbox.wait_for_named("stream.closed") == {"reason": "deleted"}
    shop.notify("emil", "dora")
    other.wait_for("ping", "hello")
    assert inboxes[0].payloads == ["ping"]


def test_its_tokens_are_as_good_as_none_also_when_it_comes_back(
    app: Flask, shop: Service, open_inbox: OpenInbox
) -> None:
    shop.notify("dora")
    for _ in range(3):
        old = subscriber_token(app, "dora")
        assert open_inbox("dora", old).response.status_code == 200
        shop.delete("/api/user/dora")
        assert open_inbox("dora", old).response.status_code == 400
        shop.notify("dora", payload="anew")
        assert open_inbox("dora", old).response.status_code == 400
        acknowledging = Person(app, "", "", old).post("/api/message/acknowledge", json={"message_ids": []})
        assert acknowledging.status_code == 401
    open_inbox("dora").wait_for("anew")


def test_a_stream_that_missed_the_order_is_found(
    app: Flask, shop: Service, open_inbox: OpenInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = app.extensions["engine"]
    inbox = open_inbox("dora")
    inbox.wait_for("ping")
    with monkeypatch.context() as patch:
        patch.setattr(engine, "disconnect", lambda *_, **__: None)
        shop.delete("/api/user/dora")
    engine.rechecks.check_all()
    assert inbox.wait_for_named("stream.closed") == {"reason": "deleted"}

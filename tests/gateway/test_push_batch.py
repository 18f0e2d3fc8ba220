"""POST /sse/push/batch: many messages in one request, a result for each."""

from typing import Any

import gevent
import pytest

from tests.support.gateway import GatewayStage
from tests.support.wait import wait_until

PATH = "/sse/push/batch"


def item(user_id: str, **data: Any) -> dict[str, Any]:
    return {"user_id": user_id, "data": data}


def test_a_result_for_each_by_index(gateway: GatewayStage) -> None:
    alice, hers = gateway.join("Alice")
    bob, his = gateway.join("Bob")
    status, body = gateway.post(PATH, [item(alice, n=0), item("nobody"), item(bob, n=2), item(alice, n=3)])
    assert status == 200
    assert body == {
        "results": [
            {"index": 0, "user_id": alice, "success": True},
            {"index": 1, "user_id": "nobody", "success": False},
            {"index": 2, "user_id": bob, "success": True},
            {"index": 3, "user_id": alice, "success": True},
        ]
    }
    assert [frame["n"] for frame in hers.wait_frames(2)] == [0, 3]
    assert [frame["n"] for frame in his.wait_frames(1)] == [2]


def test_an_empty_one(gateway: GatewayStage) -> None:
    assert gateway.post(PATH, []) == (200, {"results": []})


def test_a_bad_item_and_nothing_is_delivered(gateway: GatewayStage) -> None:
    alice, client = gateway.join("Alice")
    items = [item(alice, n=number) for number in range(1000)]
    items[700] = {"user_id": alice}
    status, body = gateway.post(PATH, items)
    assert (status, [it["loc"] for it in body["detail"]]) == (422, [["body", 700, "data"]])
    gateway.push(alice, n="last")
    assert [frame["n"] for frame in client.wait_frames(1)] == ["last"]


def test_a_mention_goes_elsewhere_and_the_result_names_the_one_given(gateway: GatewayStage) -> None:
    bot = gateway.connect("system_bot")
    alice, client = gateway.join("Alice")
    assert gateway.post(PATH, [item(alice, text="hi @system_bot"), item(alice, text="hi")]) == (
        200,
        {"results": [{"index": index, "user_id": alice, "success": True} for index in (0, 1)]},
    )
    assert [frame["text"] for frame in bot.wait_frames(1)] == ["hi @system_bot"]
    assert [frame["text"] for frame in client.wait_frames(1)] == ["hi"]


@pytest.mark.parametrize("count", [1000, 5000])
def test_many_in_order(gateway: GatewayStage, count: int) -> None:
    alice, client = gateway.join("Alice")
    status, body = gateway.post(PATH, [item(alice, n=number) for number in range(count)])
    assert (status, [result for result in body["results"] if not result["success"]]) == (200, [])
    assert [frame["n"] for frame in client.wait_frames(count, 20)] == list(range(count))


def test_others_are_answered_meanwhile(gateway: GatewayStage) -> None:
    batch = gevent.spawn(gateway.post, PATH, [item(f"nobody-{n}", text="x") for n in range(15_000)])
    answered = 0
    while not batch.ready():
        assert gateway.hub.get("/health/live").status_code == 200
        answered += 1
    wait_until(batch.ready, 20)
    assert batch.value[0] == 200 and answered > 3

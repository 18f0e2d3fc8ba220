"""/health/ready of a worker whose greenlets stand still answers 503."""

from flask import Flask

from tests.support.wait import wait_until


def test_a_worker_whose_sockets_stand_still_is_not_ready(app: Flask) -> None:
    client, engine = app.test_client(), app.extensions["engine"]
    assert client.get("/health/ready").status_code == 200
    engine.sockets.handler_pool.stop()
    answer = client.get("/health/ready")
    assert (answer.status_code, list(answer.get_json()["failing"])) == (503, ["worker"])


def test_a_worker_that_hears_nothing_is_not_ready(app: Flask) -> None:
    client, engine = app.test_client(), app.extensions["engine"]
    assert client.get("/health/ready").status_code == 200
    wait_until(lambda: engine.canary.lag, what="a first canary")
    engine.broker.unsubscribe(f"canary:{engine.worker_id}")
    answer = wait_until(lambda: (it := client.get("/health/ready")).status_code == 503 and it, 6, "red")
    assert list(answer.get_json()["failing"]) == ["canary"]
    assert "REDIS_URL" in answer.get_json()["error"]

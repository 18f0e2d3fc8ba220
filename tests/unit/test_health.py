"""A worker whose greenlets stand still says that it can't work."""

from flask import Flask


def test_a_worker_whose_sockets_stand_still_is_not_ready(app: Flask) -> None:
    client, engine = app.test_client(), app.extensions["engine"]
    assert client.get("/health/ready").status_code == 200
    engine.sockets.pump.stop()
    answer = client.get("/health/ready")
    assert (answer.status_code, list(answer.get_json()["failing"])) == (503, ["worker"])

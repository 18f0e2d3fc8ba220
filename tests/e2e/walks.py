"""One walk through each family of clients, as somebody takes it who only knows the address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.calls import PASSWORD, new_name
from tests.support.deployment import Deployment
from tests.support.eventsource import EventSource

Walk = Callable[[Deployment], None]


def accounts(hub: Deployment) -> None:
    name = new_name("alice")
    account = {"email": f"{name}@example.org", "password": PASSWORD}
    made = hub.post("/api/auth/register", json={**account, "name": name})
    assert made.status_code == 201
    assert "Secure" in made.headers["Set-Cookie"]
    token = hub.login(name)
    shown = hub.get(f"/users/{made.json()['user']['id']}", token=token)
    assert (shown.status_code, shown.json()["name"]) == (200, name)
    assert hub.post("/logout", token=token).status_code == 200
    assert hub.get("/constellations", token=token).status_code == 401


def constellations(hub: Deployment) -> None:
    _, alice = hub.register(new_name("alice"))
    bob, token = hub.register(new_name("bob"))
    constellation = hub.constellation(alice)
    hub.connect(constellation, alice, bob)
    with EventSource(hub.updates_url(constellation), token=token, tls=hub.tls) as source:
        source.wait_for(lambda it: it.last_event_id)
        file = {"name": "plan", "content": "x", "folder_uuid": hub.root_folder(constellation, alice)}
        assert hub.post("/files", token=alice, json=file).status_code == 201
        assert hub.notify(constellation, alice, "hello\nthere").status_code == 200
        source.wait_for_messages(2)
        assert '"type":"file.created"' in source.data[0]
        assert source.data[1] == "hello\nthere"


def service_clients(hub: Deployment) -> None:
    client: dict[str, Any] = {
        "client_id": hub.setting("CLIENT_ID"),
        "client_secret": hub.setting("CLIENT_SECRET"),
    }
    answer = hub.post("/api/auth/token", json=client)
    assert (answer.status_code, answer.json()["type"]) == (200, "Bearer")


WALKS: list[Walk] = [accounts, constellations, service_clients]

"""One walk through each family of clients, as somebody takes it who only knows the address."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from tests.support.calls import PASSWORD, new_name
from tests.support.deployment import Deployment
from tests.support.eventsource import EventSource
from tests.support.hub import ROOT
from tests.support.wait import wait_until
from tests.support.wsclient import PROBE, WebSocketClient, echo, url_of

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


def service_token(hub: Deployment) -> str:
    """Of a back end."""
    return hub.service_token(hub.setting("CLIENT_ID"), hub.setting("CLIENT_SECRET"))


def gateway(hub: Deployment) -> None:
    """A user with a token, a bot with its credential, and a back end that speaks to both."""
    service, user, bot = service_token(hub), new_name("alice"), new_name("bot").replace("-", "_")
    assert hub.post("/sse/push", json={"user_id": user, "data": {}}).status_code == 401
    credential = hub.flask("bot", "create", bot)
    alice = connect(hub, user, hub.subscriber_token(service, user))
    answerer = connect(hub, bot, credential, echo)
    wait_connected(hub, service, user, bot)
    push_to(hub, service, alice, user, bot)
    ask(hub, service, bot, {"message": "hello"})
    ask(hub, service, user, {"message": f"@{bot}, are you there?"})
    assert [frame["message"] for frame in answerer.frames[-2:]] == ["hello", f"@{bot}, are you there?"]
    assert len(alice.frames) == 2
    second = connect(hub, user, hub.subscriber_token(service, user))
    assert second.wait_closed() == (1008, "User already connected")
    for client in (alice, answerer, second):
        client.close()


def connect(hub: Deployment, user: str, token: str, *respond: Any) -> WebSocketClient:
    trust = {"ca_certs": str(hub.certificate)}
    return WebSocketClient(url_of(hub.url, user, {"token": token}), *respond, sslopt=trust)


def wait_connected(hub: Deployment, service: str, *users: str) -> None:
    """A name is taken a moment after the handshake was answered."""

    def are_there() -> bool:
        items = [{"user_id": user, "data": {PROBE: True}} for user in users]
        answer = hub.post("/sse/push/batch", token=service, json=items).json()
        return all(result["success"] for result in answer["results"])

    wait_until(are_there, 10, "both to be connected")


def push_to(hub: Deployment, service: str, alice: WebSocketClient, user: str, bot: str) -> None:
    """One frame to Alice; then one to her, one to the bot and one to nobody."""
    pushed = hub.post("/sse/push", token=service, json={"user_id": user, "data": {"n": 1}})
    assert (pushed.status_code, pushed.json()["status"]) == (200, "success")
    items = [{"user_id": name, "data": {"correlation_id": "c", "n": 2}} for name in (user, bot, "nobody")]
    batch = hub.post("/sse/push/batch", token=service, json=items)
    assert [result["success"] for result in batch.json()["results"]] == [True, True, False]
    assert [frame["n"] for frame in alice.wait_frames(2)] == [1, 2]


def ask(hub: Deployment, service: str, user: str, data: dict[str, Any]) -> None:
    """A question to that name; the bot's answer comes as a stream."""
    question = json.dumps({"user_id": user, "data": data}).encode()
    url = f"{hub.url}/sse/send"
    with EventSource(url, method="POST", body=question, token=service, tls=hub.tls) as source:
        source.wait_over()
        answers = [json.loads(text) for text in source.data]
        assert [answer["part"] for answer in answers] == [1, 2]
        assert {answer["echo"] for answer in answers} == {data["message"]}


def notifications(hub: Deployment) -> None:
    """What was sent before anybody listened waits until it is acknowledged."""
    service, dora, group = service_token(hub), new_name("dora"), new_name("readers")
    assert hub.post("/api/user", token=service, json={"user_id": dora}).status_code == 201
    assert hub.post("/api/group", token=service, json={"name": group, "users": [dora]}).status_code == 201
    token = hub.subscriber_token(service, dora)
    waits = notify(hub, service, group, "waits")
    with EventSource(f"{hub.url}/sse?token={token}", tls=hub.tls) as source:
        source.wait_for_messages(1)
        comes = notify(hub, service, group, "comes")
        source.wait_for_messages(2)
        shown = [json.loads(text) for text in source.data]
        assert [(it["id"], it["payload"]) for it in shown] == [(waits, "waits"), (comes, "comes")]
    read = hub.post("/api/message/acknowledge", token=token, json={"message_ids": [waits, comes]})
    assert (read.status_code, read.json()) == (202, {"acknowledged": 2})
    with EventSource(f"{hub.url}/sse?token={token}", tls=hub.tls) as source:
        assert json.loads(source.wait_for_messages(1)[0].data)["payload"] == "ping"


def notify(hub: Deployment, service: str, group: str, payload: str) -> str:
    body = {"groups": [group], "payload": payload}
    answer = hub.post("/api/message/notify", token=service, json=body)
    assert (answer.status_code, answer.json()["recipients"]) == (202, 1)
    return str(answer.json()["id"])


def concepts(hub: Deployment) -> None:
    """The built-in service looks at an image that travels in the request."""
    account = {"email": f"{new_name('cleo')}@example.org", "password": PASSWORD}
    made = hub.post("/api/auth/register", json=account)
    cookie = {"Cookie": f"auth_token={made.cookies['auth_token']}", "Origin": hub.url}
    image = base64.b64encode((ROOT / "examples/ad.png").read_bytes()).decode()
    ad = {"ad_archive_id": new_name("ad"), "image_url": f"data:image/png;base64,{image}"}
    answer = hub.post("/api/ad-concepts", headers=cookie, json=ad)
    assert (answer.status_code, answer.json()["status"]) == (201, "pending")
    stream = hub.url + answer.json()["sse_url"]
    with EventSource(stream, headers=cookie, tls=hub.tls, reconnect=True) as source:
        source.wait_over(30)
        assert source.status == 204
        last = json.loads(source.named("concept-update")[-1].data)
    assert last["status"] == "completed"
    assert last["concept_json"]["title"] == "Square image: orange shape on dark blue"
    shown = f"/api/ad-concepts/{answer.json()['id']}"
    assert hub.get(shown, headers=cookie).json()["concept_json"] == last["concept_json"]
    assert hub.get(shown).status_code == 401


WALKS: list[Walk] = [accounts, constellations, gateway, notifications, concepts]

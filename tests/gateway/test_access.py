"""GATEWAY_AUTH=token: which credential may call, and which opens which name. One table."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from flask import Flask

from app.auth import clients, revocation, tokens
from app.gateway import bots
from tests.cast import Person, make_person, unique
from tests.support.calls import new_name
from tests.support.gateway import GatewayStage
from tests.support.hub import HubProcess
from tests.support.wait import wait_until
from tests.support.wsclient import WebSocketClient

# `own` is the name that the credential is for; the other columns are names of other clients.
TABLE = """
credential               POST  own   user  account  bot   public
no token                 401   no    no    no       no    no
garbage                  401   no    no    no       no    no
account                  401   yes   no    no       no    no
account, expired         401   no    no    no       no    no
account, revoked         401   no    no    no       no    no
account, deleted         401   no    no    no       no    no
subscriber               401   yes   no    no       no    no
subscriber, expired      401   no    no    no       no    no
subscriber, revoked      401   no    no    no       no    no
subscriber, bot's name   401   no    no    no       no    no
subscriber, public name  401   no    no    no       no    no
service                  200   no    no    no       no    no
service, expired         401   no    no    no       no    no
service, revoked         401   no    no    no       no    no
service, disabled        401   no    no    no       no    no
bot                      401   yes   no    no       no    no
bot, disabled            401   no    no    no       no    no
bot, older credential    401   no    no    no       no    no
bot, wrong credential    401   no    no    no       no    no
"""
POSTS = {
    "/sse/push": {"user_id": "nobody", "data": {}},
    "/sse/push/batch": [],
    "/sse/send": {"user_id": "nobody", "data": {}},
}


class Credential(NamedTuple):
    own: str
    token: str


def account(app: Flask) -> Person:
    return make_person(app, unique("account"))


def expired(use: str, subject: str) -> Credential:
    return Credential(subject, tokens.issue(use, subject, -60))


def revoked(credential: Credential) -> Credential:
    claims = tokens.read(credential.token)
    revocation.revoke(claims.token_id, claims.expires_at)
    return credential


def deleted_account(app: Flask) -> Credential:
    person = account(app)
    assert person.delete("/users").status_code == 200
    return Credential(person.uuid, person.token)


def subscriber(name: str = "") -> Credential:
    name = name or new_name("subscriber")
    return Credential(name, tokens.issue(tokens.SUBSCRIBER, name, 60))


def service(is_disabled: bool = False) -> Credential:
    client_id, secret = clients.create("Shop")
    credential = Credential(client_id, clients.issue_token(client_id, secret))
    if is_disabled:
        clients.set_disabled(client_id, True)
    return credential


def bot(spoil: Callable[[str], object] | None = None) -> Credential:
    name = unique("bot").replace("-", "_")
    credential = Credential(name, bots.create(name))
    if spoil is not None:
        spoil(name)
    return credential


def wrong_bot() -> Credential:
    right = bot()
    return Credential(right.own, bot().token)


MAKE: dict[str, Callable[[Flask], Credential]] = {
    "no token": lambda app: Credential("somebody", ""),
    "garbage": lambda app: Credential("somebody", "garbage"),
    "account": lambda app: Credential((person := account(app)).uuid, person.token),
    "account, expired": lambda app: expired(tokens.ACCOUNT, account(app).uuid),
    "account, revoked": lambda app: revoked(Credential((person := account(app)).uuid, person.token)),
    "account, deleted": deleted_account,
    "subscriber": lambda app: subscriber(),
    "subscriber, expired": lambda app: expired(tokens.SUBSCRIBER, new_name("subscriber")),
    "subscriber, revoked": lambda app: revoked(subscriber()),
    "subscriber, bot's name": lambda app: subscriber(bot().own),
    "subscriber, public name": lambda app: subscriber("helper"),
    "service": lambda app: service(),
    "service, expired": lambda app: expired(tokens.SERVICE, service().own),
    "service, revoked": lambda app: revoked(service()),
    "service, disabled": lambda app: service(is_disabled=True),
    "bot": lambda app: bot(),
    "bot, disabled": lambda app: bot(lambda name: bots.set_disabled(name, True)),
    "bot, older credential": lambda app: bot(bots.renew_credential),
    "bot, wrong credential": lambda app: wrong_bot(),
}


class Row(NamedTuple):
    kind: str
    status: int
    may: dict[str, bool]


def read_table() -> list[Row]:
    heads, *lines = TABLE.strip().splitlines()
    names = heads.split()[2:]
    rows = []
    for line in lines:
        kind, status, *verdicts = line[:25].strip(), *line[25:].split()
        rows.append(Row(kind, int(status), dict(zip(names, [it == "yes" for it in verdicts], strict=True))))
    return rows


def is_accepted(closed: GatewayStage, client: WebSocketClient, user_id: str) -> bool:
    """Whether the client is connected under that name. A refused one is closed with a reason."""
    wait_until(lambda: not client.is_open or closed.is_connected(user_id), 5, "a verdict")
    if not client.is_open:
        code, reason = client.wait_closed()
        assert code == 1008 and 0 < len(reason) < 124
    return client.is_open


def test_the_table_misses_no_kind() -> None:
    assert [row.kind for row in read_table()] == list(MAKE)


@pytest.mark.parametrize("row", read_table(), ids=lambda row: row.kind)
def test_posts(closed: GatewayStage, office: Flask, row: Row) -> None:
    token = MAKE[row.kind](office).token
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for path, body in POSTS.items():
        answer = closed.hub.post(path, json=body, headers=headers)
        assert answer.status_code == row.status, path
        if row.status == 401:
            assert set(answer.json()) == {"error", "status"}


@pytest.mark.parametrize("path", POSTS)
def test_posts_take_no_token_from_the_url_and_no_cookie(
    closed: GatewayStage, office: Flask, path: str
) -> None:
    token = service().token
    answer = closed.hub.post(
        f"{path}?token={token}", json=POSTS[path], headers={"Cookie": f"auth_token={token}"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("path", POSTS)
def test_without_credentials_the_body_is_not_judged(closed: GatewayStage, path: str) -> None:
    assert closed.hub.post(path, data=b"{").status_code == 401


@pytest.mark.parametrize("way", ["header", "query"])
@pytest.mark.parametrize("row", read_table(), ids=lambda row: row.kind)
def test_sockets(closed: GatewayStage, office: Flask, row: Row, way: str) -> None:
    credential = MAKE[row.kind](office)
    names = {
        "own": credential.own,
        "user": new_name("user"),
        "account": account(office).uuid,
        "bot": bot().own,
        "public": "ci_bot",
    }
    found = {}
    for kind, name in names.items():
        query = {"token": credential.token} if way == "query" else {}
        header = (
            {"Authorization": f"Bearer {credential.token}"} if way == "header" and credential.token else {}
        )
        client = closed.connect(name, query=query, header=header)
        found[kind] = is_accepted(closed, client, name)
        client.close()
    assert found == row.may


def test_a_bad_header_is_not_rescued_by_a_good_query(closed: GatewayStage, office: Flask) -> None:
    good = subscriber()
    client = closed.connect(good.own, query={"token": good.token}, header={"Authorization": "Bearer garbage"})
    assert client.wait_closed()[0] == 1008


def test_a_token_in_the_url_is_in_no_log(closed: GatewayStage, office: Flask) -> None:
    for credential in (subscriber(), bot()):
        closed.connect(credential.own, query={"token": credential.token})
        wait_until(lambda name=credential.own: closed.is_connected(name))  # type: ignore[misc]
        assert credential.token not in closed.hub.log


# The end of a token


def test_an_expired_token_closes_its_socket(closed: GatewayStage, office: Flask) -> None:
    name = new_name("subscriber")
    client = closed.connect(name, query={"token": tokens.issue(tokens.SUBSCRIBER, name, 4)})
    assert client.wait_closed(8) == (1008, "token expired")


def test_logging_out_closes_the_socket(closed: GatewayStage) -> None:
    uuid, token = closed.hub.register(new_name("Alice"))
    client = closed.connect(uuid, query={"token": token})
    wait_until(lambda: closed.is_connected(uuid))
    assert closed.hub.post("/logout", token=token).status_code == 200
    assert client.wait_closed(1.5) == (1008, "logged out")


def test_an_expired_service_token_ends_the_stream(closed: GatewayStage, office: Flask) -> None:
    name, client = bot(), None
    client = closed.connect(name.own, query={"token": name.token})
    wait_until(lambda: closed.is_connected(name.own))
    closed.headers = {"Authorization": f"Bearer {tokens.issue(tokens.SERVICE, *short_service())}"}
    request = closed.ask(name.own)
    wait_until(lambda: request.is_over, 10)
    assert [(event.name, event.data) for event in request.events] == [
        ("stream.closed", '{"reason": "token_expired"}')
    ]
    assert client.is_open


def short_service() -> tuple[str, int]:
    client_id, _ = clients.create("Shop")
    return client_id, 4


# The limits


def test_opening_sockets_is_limited(hub: Callable[..., HubProcess]) -> None:
    stage = GatewayStage(hub(RATELIMIT_ENABLED="1", RATELIMIT_STREAMS="2/hour"))
    ends = []
    for _ in range(4):
        client = stage.connect(new_name("Alice"))
        client.send("x")
        wait_until(lambda client=client: client.frames or not client.is_open)  # type: ignore[misc]
        ends.append(client.closed and client.closed[0])
    assert ends == [None, None, 1013, 1013]
    stage.close()


def test_an_open_gateway_that_others_may_reach_is_told(hub: Callable[..., HubProcess]) -> None:
    for address, is_told in (("127.0.0.1", False), ("0.0.0.0", True)):
        process = hub(start=False)
        process.env["BIND"] = f"{address}:{process.port}"
        assert ("GATEWAY_AUTH=open" in process.start().log) == is_told

"""Bots: accounts of programs, made on the command line, which every message may mention."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.errors import Conflict, Invalid, NotFound
from app.gateway import bots
from tests.cast import stored, unique
from tests.support.fixtures import StartGateway
from tests.support.gateway import GatewayStage
from tests.support.wait import wait_until
from tests.support.wsclient import echo


def new_bot_name() -> str:
    return unique("bot").replace("-", "_")


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def test_the_credential_is_not_stored(context: Flask) -> None:
    credential = bots.create("helper")
    assert len(credential) > 43
    assert credential not in str(stored(context)) and credential[7:] not in str(stored(context))
    found = bots.find_by_credential("helper", credential)
    assert found is not None and found.name == "helper"


@pytest.mark.parametrize("name", ["", " ", "a b", "a-b", "@a", "größe", "a\n", "x" * 201, "a\0"])
def test_names_that_no_mention_could_name(context: Flask, name: str) -> None:
    with pytest.raises(Invalid):
        bots.create(name)


def test_a_name_is_taken_once(context: Flask) -> None:
    bots.create("helper")
    with pytest.raises(Conflict):
        bots.create("helper")
    bots.create("Helper")


@pytest.mark.parametrize("change", [bots.renew_credential, lambda name: bots.set_disabled(name, True)])
def test_an_unknown_bot(context: Flask, change: object) -> None:
    with pytest.raises(NotFound):
        change("nobody")  # type: ignore[operator]


@pytest.mark.parametrize("credential", ["", "hubbot_", "hubbot_x", "\ud800", "x" * 10_000])
def test_wrong_credentials(context: Flask, credential: str) -> None:
    bots.create("helper")
    assert bots.find_by_credential("helper", credential) is None


def test_without_a_database_it_goes_by_what_it_knew(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    bots.create("helper")
    public = context.extensions["gateway"].public
    assert "helper" in public.names()

    def fail() -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(bots, "list_all", fail)
    context.extensions["engine"].invalidate()
    assert "helper" in public.names()


# On a running hub, from a shell beside it that shares the database alone


def test_a_bot_is_mentioned_as_soon_as_it_is_made(closed: GatewayStage, office: Flask) -> None:
    name = new_bot_name()
    client = closed.connect(name, echo, query={"token": bots.create(name)})
    wait_until(lambda: closed.is_connected(name))
    wait_until(lambda: closed.push("nobody", text=f"@{name}").json()["status"] == "success", 4)
    assert len(closed.ask("nobody", text=f"hello @{name}").wait_over()) == 2
    assert client.frames[-1]["user_id"] == "nobody"


@pytest.mark.parametrize("change", [bots.renew_credential, lambda name: bots.set_disabled(name, True)])
def test_its_socket_is_closed_within_a_second(closed: GatewayStage, office: Flask, change: object) -> None:
    """Also without Redis, through which the shell would send an order."""
    name = new_bot_name()
    credential = bots.create(name)
    client = closed.connect(name, query={"token": credential})
    wait_until(lambda: closed.is_connected(name))
    change(name)  # type: ignore[operator]
    assert client.wait_closed(4)[0] == 1008
    assert closed.connect(name, query={"token": credential}).wait_closed()[0] == 1008
    assert closed.push("nobody", text=f"@{name}").json()["status"] == "partial"


def test_enabled_again(closed: GatewayStage, office: Flask) -> None:
    name = new_bot_name()
    credential = bots.create(name)
    bots.set_disabled(name, True)
    assert closed.connect(name, query={"token": credential}).wait_closed()[0] == 1008
    bots.set_disabled(name, False)
    client = closed.connect(name, query={"token": credential})
    wait_until(lambda: closed.is_connected(name))
    assert client.is_open


def test_a_disabled_bot_is_refused_where_no_tokens_are_asked_for(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    gateway.hub.flask("bot", "create", "helper")
    client = gateway.connect("helper")
    wait_until(lambda: gateway.is_connected("helper"))
    assert gateway.push("nobody", text="@helper").json()["status"] == "success"
    gateway.hub.flask("bot", "disable", "helper")
    assert client.wait_closed(3) == (1008, "rights revoked")
    assert gateway.connect("helper").wait_closed() == (1008, "This bot is disabled")

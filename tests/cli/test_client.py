"""flask client create, list, rotate, disable, enable"""

import json
from collections.abc import Callable

import pytest
from flask import Flask

from app.auth import clients
from app.errors import DomainError, Unauthorized
from tests.cast import stored
from tests.conftest import MakeApp
from tests.support.wait import wait_until

Command = Callable[..., str]


def made(printed: str) -> tuple[str, str]:
    """Id and secret, from lines in the form of a .env file."""
    values = dict(line.split("=", 1) for line in printed.splitlines())
    assert list(values) == ["CLIENT_ID", "CLIENT_SECRET"]
    return values["CLIENT_ID"], values["CLIENT_SECRET"]


def token(app: Flask, client_id: str, secret: str) -> str:
    with app.test_request_context():
        return clients.issue_token(client_id, secret)


def is_heard(app: Flask, token: str) -> bool:
    with app.test_request_context(headers={"Authorization": f"Bearer {token}"}):
        try:
            clients.identify_service()
        except Unauthorized:
            return False
        return True


def test_create(app: Flask, succeed: Command) -> None:
    client_id, secret = made(succeed("client", "create", "Shop"))
    assert is_heard(app, token(app, client_id, secret))
    assert succeed("client", "list") == f"{client_id}  Shop\n"
    assert len(secret) >= 43 and secret not in str(stored(app))


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a" * 201])
def test_refused_names(name: str, fail: Command) -> None:
    assert fail("client", "create", name).startswith("name: ")


def test_rotate(app: Flask, succeed: Command) -> None:
    client_id, old = made(succeed("client", "create", "Shop"))
    old_token = token(app, client_id, old)
    assert is_heard(app, old_token)
    same_id, new = made(succeed("client", "rotate", client_id))
    assert (same_id == client_id, new == old) == (True, False)
    assert not is_heard(app, old_token)
    assert is_heard(app, token(app, client_id, new))
    with pytest.raises(DomainError, match="Invalid client credentials"):
        token(app, client_id, old)


def test_disable_and_enable(app: Flask, succeed: Command) -> None:
    client_id, secret = made(succeed("client", "create", "Shop"))
    old_token = token(app, client_id, secret)
    succeed("client", "disable", client_id)
    assert succeed("client", "list") == f"{client_id}  Shop  disabled\n"
    assert not is_heard(app, old_token)
    with pytest.raises(DomainError, match="Invalid client credentials"):
        token(app, client_id, secret)
    succeed("client", "enable", client_id)
    assert not is_heard(app, old_token)
    assert is_heard(app, token(app, client_id, secret))


def test_another_process_notices_without_redis(app: Flask, make_app: MakeApp, succeed: Command) -> None:
    """Nothing reaches it: it believes what it found out for a second, and then asks again."""
    client_id, secret = made(succeed("client", "create", "Shop"))
    other = make_app()
    other.extensions["engine"].start()
    good = token(other, client_id, secret)
    assert is_heard(other, good)
    succeed("client", "disable", client_id)
    wait_until(lambda: not is_heard(other, good), 1.5)


@pytest.mark.parametrize("command", ["rotate", "disable", "enable"])
def test_unknown_clients(command: str, fail: Command, make_app: MakeApp) -> None:
    assert fail("client", command, "client-0") == "There is no client client-0"
    runner = make_app(CLIENT_ID="shop", CLIENT_SECRET="weak").test_cli_runner()
    assert "stands in the settings" in runner.invoke(args=["client", command, "shop"]).stderr


def test_list_as_json(succeed: Command) -> None:
    client_id, _ = made(succeed("client", "create", "Shop"))
    found = json.loads(succeed("client", "list", "--json"))
    assert found == {"client_id": client_id, "name": "Shop", "disabled": False}

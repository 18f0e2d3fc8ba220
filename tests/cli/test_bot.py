"""flask bot create, list, token, disable, enable"""

import json
from collections.abc import Callable

import pytest
from flask import Flask

from app.extensions import db
from app.gateway import bots

Command = Callable[..., str]


def is_good(app: Flask, name: str, credential: str) -> bool:
    with app.app_context():
        return bots.find_by_credential(name, credential.strip()) is not None


def test_create(app: Flask, succeed: Command) -> None:
    credential = succeed("bot", "create", "helper")
    assert credential.count("\n") == 1 and is_good(app, "helper", credential)
    assert not is_good(app, "another", credential)


def test_list(succeed: Command) -> None:
    assert succeed("bot", "list") == ""
    for name in ("zoe", "helper", "Ann"):
        succeed("bot", "create", name)
    succeed("bot", "disable", "zoe")
    assert succeed("bot", "list") == "Ann\nhelper\nzoe  disabled\n"


def test_token(app: Flask, succeed: Command) -> None:
    old = succeed("bot", "create", "helper")
    new = succeed("bot", "token", "helper")
    assert (is_good(app, "helper", old), is_good(app, "helper", new)) == (False, True)


def test_disable_and_enable(app: Flask, succeed: Command) -> None:
    credential = succeed("bot", "create", "helper")
    assert succeed("bot", "disable", "helper") == "helper is disabled.\n"
    assert not is_good(app, "helper", credential)
    assert succeed("bot", "enable", "helper") == "helper is enabled.\n"
    assert is_good(app, "helper", credential)


@pytest.mark.parametrize("name", ["", "a b", "a-b", "x" * 201])
def test_refused_names(name: str, fail: Command) -> None:
    assert fail("bot", "create", name).startswith("name: ")


def test_a_name_that_is_taken(succeed: Command, fail: Command) -> None:
    succeed("bot", "create", "helper")
    assert fail("bot", "create", "helper") == "There is a bot helper already"


@pytest.mark.parametrize("command", ["token", "disable", "enable"])
def test_unknown_names(command: str, fail: Command) -> None:
    assert fail("bot", command, "nobody") == "There is no bot nobody"


def test_a_database_without_tables(app: Flask, fail: Command) -> None:
    with app.app_context():
        db.drop_all()
    assert "db upgrade" in fail("bot", "list")


def test_list_as_json(succeed: Command) -> None:
    succeed("bot", "create", "helper")
    assert json.loads(succeed("bot", "list", "--json")) == {"name": "helper", "disabled": False}

"""Clients of WebSockets, each through nginx: what docs/reports/clients.md promises of them."""

from __future__ import annotations

import pytest

from tests.clients.client import SOCKETS, Client
from tests.clients.matrix import SOCKET_BEHAVIOURS, Behaviour


@pytest.mark.parametrize("behaviour", SOCKET_BEHAVIOURS, ids=lambda it: it.title)
@pytest.mark.parametrize("client", SOCKETS, ids=str)
def test_a_client(client: Client, behaviour: Behaviour, request: pytest.FixtureRequest) -> None:
    assert behaviour.look(request.getfixturevalue(behaviour.scene)[client.name]) == behaviour.right

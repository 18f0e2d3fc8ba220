"""Clients of event streams, each through nginx: what docs/reports/clients.md promises of them."""

from __future__ import annotations

import pytest

from tests.clients.client import STREAMS, Client
from tests.clients.defects import DEFECTS
from tests.clients.matrix import BEHAVIOURS, Behaviour
from tests.clients.table import PAGE, agrees


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda it: it.title)
@pytest.mark.parametrize("client", STREAMS, ids=str)
def test_a_client(client: Client, behaviour: Behaviour, request: pytest.FixtureRequest) -> None:
    """Where it is known to have a defect it must show that: else the page is to be changed."""
    record = request.getfixturevalue(behaviour.scene)[client.name]
    defect = DEFECTS.get((client.name, behaviour.title))
    assert behaviour.look(record) == (behaviour.right if defect is None else defect.seen)


def test_the_page_says_so() -> None:
    """`python -m tests.clients.table` writes it."""
    assert agrees(PAGE.read_text())


def test_defects_are_of_something_that_is_asked() -> None:
    asked = {(client.name, it.title): it.right for client in STREAMS for it in BEHAVIOURS}
    assert all(asked[place] != defect.seen for place, defect in DEFECTS.items())

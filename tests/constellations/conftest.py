"""A constellation whose engine is the real one."""

import pytest

from tests.cast import Person, make_constellation


@pytest.fixture
def workspace(alice: Person, bob: Person) -> str:
    """Alice's constellation, which Bob may read; nothing stands in for the engine."""
    found = make_constellation(alice)
    found.let(bob, "READ")
    return found.uuid

"""What has to be released: by name, oldest first, bounded, and for no longer than a lease lasts."""

import pytest

from app.realtime.presence import pending_releases as module
from app.realtime.presence.pending_releases import PendingReleases


def test_the_oldest_come_first_and_by_name() -> None:
    releases = PendingReleases(30)
    for claim in (("alice", "1"), ("bob", "2"), ("alice", "3")):
        releases.add(claim)
    assert list(releases.first(2)) == [("alice", "1"), ("bob", "2")]
    assert sorted(releases.of("alice")) == [("alice", "1"), ("alice", "3")]
    assert releases.of("charlie") == []


def test_what_is_settled_is_gone() -> None:
    releases = PendingReleases(30)
    releases.add(("alice", "1"))
    releases.add(("alice", "2"))
    releases.settle(releases.first(1))
    assert releases.of("alice") == [("alice", "2")]
    releases.discard(("alice", "2"))
    releases.discard(("alice", "2"))
    assert len(releases) == 0


def test_what_was_added_again_meanwhile_is_not_settled() -> None:
    releases = PendingReleases(30)
    releases.add(("alice", "1"))
    released = releases.first(1)
    releases.add(("alice", "1"))
    releases.settle(released)
    assert releases.of("alice") == [("alice", "1")]


@pytest.mark.parametrize(("lease_seconds", "left"), [(0, 0), (30, 2)])
def test_what_would_be_over_anyway_is_forgotten(lease_seconds: float, left: int) -> None:
    releases = PendingReleases(lease_seconds)
    releases.add(("alice", "1"))
    releases.add(("bob", "1"))
    releases.forget_ended()
    assert len(releases) == left


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RELEASES_KEPT", 2)
    releases = PendingReleases(30)
    for number in range(4):
        releases.add(("alice", str(number)))
    assert list(releases.first(10)) == [("alice", "2"), ("alice", "3")]

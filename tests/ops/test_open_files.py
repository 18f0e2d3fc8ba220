"""The number of streams and sockets that the limit on open files allows."""

import resource

import pytest

from app.ops.open_files import connections_allowed


@pytest.mark.parametrize(
    ("limits", "wanted", "allowed"),
    [
        ((20_000, 20_000), 15_000, 15_000),
        ((1024, 20_000), 15_000, 15_000),
        ((1024, 1024), 15_000, 768),
        ((256, 256), 15_000, 192),
        ((1024, resource.RLIM_INFINITY), 15_000, 15_000),
    ],
)
def test_a_reserve_is_left(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], wanted: int, allowed: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    assert connections_allowed(wanted) == allowed

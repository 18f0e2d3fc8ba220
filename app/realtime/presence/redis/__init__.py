"""Leases in Redis: scripts that go by its clock; an expired lease frees its name."""

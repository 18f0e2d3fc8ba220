"""How the hub is deployed; `machine` does it on one machine without containers."""

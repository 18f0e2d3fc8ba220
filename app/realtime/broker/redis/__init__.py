"""The broker over Redis: one server, the master that sentinels name, or a cluster."""

"""Load, rivals and a table: how fast the hub is, beside the least that is possible and what else there is."""

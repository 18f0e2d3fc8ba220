"""The database under gevent: transactions, its clock, and leases that survive a crash."""

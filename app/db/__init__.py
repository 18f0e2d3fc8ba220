"""The database under gevent: transactions, the database's clock, and leases that end after a crash."""

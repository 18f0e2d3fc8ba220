"""nginx, PostgreSQL, Redis and the hub on one machine, without containers: `make up`, `make down`."""

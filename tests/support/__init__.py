"""What end-to-end and integration tests stand on: servers of their own, and clients that wait."""

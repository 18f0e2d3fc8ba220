"""The HTTP edge: reading requests and writing answers, for every area."""

"""The HTTP edge: what every area reads requests and writes answers with."""

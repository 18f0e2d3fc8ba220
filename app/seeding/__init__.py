"""Users, constellations and bots from a file."""

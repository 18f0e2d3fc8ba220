"""Users, constellations and bots from a file, for development and new deployments."""

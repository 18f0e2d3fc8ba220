"""The rules of constellations, one module per subject. Each write publishes after its commit."""

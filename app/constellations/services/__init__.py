"""The rules of constellations, a module per subject as in `routes`. Each write publishes after its commit."""

"""`/metrics`: what all workers of this instance count, as numbers for Prometheus."""

"""`/metrics`: the metrics of all workers of this instance, for Prometheus."""

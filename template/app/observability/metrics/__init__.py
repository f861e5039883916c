"""Metrics for Prometheus, for any number of processes."""

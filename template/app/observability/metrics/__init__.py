"""Metrics for Prometheus, right for any number of processes."""

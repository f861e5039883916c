"""Metrics of jobs and workers."""

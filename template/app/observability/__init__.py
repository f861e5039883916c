"""Observability: each package is a feature."""

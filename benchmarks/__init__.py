"""Measures what a request to the rendered service costs: `uv run just bench`."""

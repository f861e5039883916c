"""Counting what somebody does in a time, and saying when it is too much."""

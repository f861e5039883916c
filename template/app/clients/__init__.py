"""Calls to other companies' services."""

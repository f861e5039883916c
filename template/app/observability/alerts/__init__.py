"""Errors to a chat webhook."""

"""Errors to Sentry."""

"""Traces with OpenTelemetry: what one request caused, here and elsewhere."""

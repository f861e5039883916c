"""Distributed traces with OpenTelemetry."""

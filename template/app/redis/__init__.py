"""Redis, which this service uses and does not need: whatever it is asked for has a fallback."""

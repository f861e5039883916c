"""API keys: their text, and the way of signing in with one."""

"""Redis: optional, since every use of it has a fallback."""

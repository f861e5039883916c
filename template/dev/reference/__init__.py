"""docs/reference.md: the settings, errors, commands, metrics and events, read from the code."""

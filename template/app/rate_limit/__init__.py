"""Rate limits: moving windows in the process's memory or in Redis."""

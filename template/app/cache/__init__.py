"""A read-through cache without stale reads: see `ReadThroughCache`."""

"""Reading through a cache that nobody ever sees an old value in. Why: see `ReadThroughCache`."""

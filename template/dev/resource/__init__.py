"""`just resource`: writes a resource, from its model to its tests."""

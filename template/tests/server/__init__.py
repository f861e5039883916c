"""The chosen server as it is deployed. The same tests pass with each server."""

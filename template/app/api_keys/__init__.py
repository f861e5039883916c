"""API keys as a feature: what it registers, and says in the OpenAPI document."""

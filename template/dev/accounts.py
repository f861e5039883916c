"""What a developer is told about accounts when the server starts."""

HINT = "Some requests need a superuser; create one with: uv run just superuser EMAIL"

"""The hint about accounts that is printed when the development server starts."""

HINT = "Some requests need a superuser; create one with: uv run just superuser EMAIL"

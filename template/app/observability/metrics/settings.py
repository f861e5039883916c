"""Who may read the metrics."""

import secrets

from pydantic import SecretStr

from app.core.settings import EnvSettings


class MetricsSettings(EnvSettings):
    """Without `METRICS_TOKEN` everybody may read them, but in production nobody."""

    metrics_token: SecretStr | None = None
    environment: str = "development"

    def admits(self, authorization: str) -> bool:
        """Whether a request with this `Authorization` header may read them."""
        if self.metrics_token is None:
            return self.environment != "production"
        scheme, _, token = authorization.partition(" ")
        expected = self.metrics_token.get_secret_value()
        same = secrets.compare_digest(token.encode(), expected.encode())
        return same and scheme.lower() == "bearer"

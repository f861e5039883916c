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
        expected = f"Bearer {self.metrics_token.get_secret_value()}"
        return secrets.compare_digest(authorization.encode(), expected.encode())

"""Access to the metrics."""

import secrets

from pydantic import SecretStr

from app.core.exceptions import BearerTokenError, NotAuthenticatedError
from app.core.settings import EnvSettings


class MetricsSettings(EnvSettings):
    """Without `METRICS_TOKEN` the metrics are public, and in production closed."""

    metrics_token: SecretStr | None = None
    environment: str = "development"

    def admits(self, authorization: str) -> bool:
        """Return whether a request with this `Authorization` header may read the metrics."""
        if self.metrics_token is None:
            return self.environment != "production"
        scheme, _, token = authorization.partition(" ")
        expected = self.metrics_token.get_secret_value()
        same = secrets.compare_digest(token.encode(), expected.encode())
        return same and scheme.lower() == "bearer"


def unauthorized(authorization: str) -> NotAuthenticatedError:
    """Return the error for an invalid token, or for none (RFC 6750 §3)."""
    sent = authorization.strip().lower().startswith("bearer ")
    return BearerTokenError() if sent else NotAuthenticatedError()

"""Who may read the metrics."""

import secrets

from pydantic import SecretStr

from app.core.exceptions import BearerTokenError, NotAuthenticatedError
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


def unauthorized(authorization: str) -> NotAuthenticatedError:
    """Distinguish a token that is not accepted from none at all (RFC 6750 §3)."""
    sent = authorization.strip().lower().startswith("bearer ")
    return BearerTokenError() if sent else NotAuthenticatedError()

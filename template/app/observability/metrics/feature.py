"""The feature `metrics`."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from pydantic import SecretStr

from app.core.error_reporting import ErrorReport
from app.core.exceptions import BearerTokenError, NotAuthenticatedError
from app.core.feature import Feature
from app.core.metrics import Counter, record_with
from app.core.settings import EnvSettings
from app.core.state import AppState, FastAPI
from app.observability.metrics.multiprocess import supervisor_pid, use_directory

ERRORS = Counter(
    "app_errors_total",
    "Errors answered with 5xx, or failed jobs, whose route is their type",
    type=(),
    route=(),
)

log = structlog.get_logger(__name__)


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


def _setup(app: FastAPI) -> None:
    use_directory(supervisor_pid())
    # Now, since prometheus_client reads the variable of the directory when it is imported.
    from app.observability.metrics.endpoint import GaugeSampler, router
    from app.observability.metrics.middleware import MetricsMiddleware

    settings = MetricsSettings.load()
    if settings.metrics_token is None and settings.environment == "production":
        log.warning("metrics_closed", hint="set METRICS_TOKEN to open /metrics")
    app.state.metrics = GaugeSampler(app, settings)
    app.include_router(router)
    app.add_middleware(MetricsMiddleware)
    _record(app.state)


def _record(state: AppState) -> None:
    from app.observability.metrics.definitions import define

    state.error_reporters.listeners.append(count_error)
    record_with(define)


def count_error(error: ErrorReport) -> None:
    """Count an unexpected error."""
    ERRORS.inc(type=error.type, route=error.route)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    sampling = asyncio.create_task(app.state.metrics.run())
    try:
        yield
    finally:
        sampling.cancel()


@asynccontextmanager
async def _worker(state: AppState) -> AsyncGenerator[None, None]:
    _record(state)  # in the directory of the parent process
    yield


metrics = Feature(
    name="metrics", after=("cors",), setup=_setup, lifespan=_lifespan, worker_lifespan=_worker
)

"""Sentry: unexpected errors, and whatever the service's own code captures."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Annotated, Any

import anyio.to_thread
import structlog
from pydantic import AfterValidator, SecretStr

from app.core.config import PROJECT, Settings
from app.core.error_reporting import ErrorReport
from app.core.feature import Feature
from app.core.settings import EnvSettings
from app.core.state import AppState

SHUTDOWN_TIMEOUT_SECONDS = 2.0

log = structlog.get_logger(__name__)


def check_dsn(dsn: SecretStr) -> SecretStr:
    """Refuse an invalid DSN, without repeating it: it holds a key."""
    from sentry_sdk.utils import BadDsn, Dsn  # imported late: a service without a DSN has no need

    try:
        Dsn(dsn.get_secret_value())
    except (BadDsn, ValueError):
        raise ValueError("is not a DSN like https://key@host/1") from None
    return dsn


class SentrySettings(EnvSettings):
    """Without `SENTRY_DSN` nothing is sent."""

    sentry_dsn: Annotated[SecretStr, AfterValidator(check_dsn)] | None = None


def init(dsn: str) -> None:
    """Set up the SDK without the integrations that send requests, logs and variables."""
    import sentry_sdk.integrations.dedupe

    sentry_sdk.init(
        dsn=dsn,
        environment=Settings.load().environment,
        release=f"{PROJECT.name}@{PROJECT.version}",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[sentry_sdk.integrations.dedupe.DedupeIntegration()],
        include_local_variables=False,
        max_request_body_size="never",
    )


def report(failure: ErrorReport) -> None:
    """Send an unexpected error in the background."""
    # The SDK leaves a scope in the context, which the following jobs of a worker would share.
    copy_context().run(_report, failure)


def _report(failure: ErrorReport) -> None:
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        scope.set_transaction_name(failure.route)
        scope.set_tags({"request_id": failure.request_id, "route": failure.route})
        scope.add_event_processor(scrub)
        scope.capture_exception(failure.error)


def scrub(event: Any, _hint: object) -> Any:
    """Remove the messages of the errors, which may quote what users sent. They are in the log."""
    for error in event["exception"]["values"]:
        error["value"] = ""
    return event


@asynccontextmanager
async def _reporting(state: AppState) -> AsyncGenerator[None, None]:
    dsn = SentrySettings.load().sentry_dsn
    if dsn is None:
        yield
        return
    import sentry_sdk

    try:
        init(dsn.get_secret_value())
        state.error_reporters.listeners.append(report)
    except (ImportError, OSError, ValueError) as error:  # without its text: it may hold a password
        hint = "HTTP_PROXY, HTTPS_PROXY or NO_PROXY cannot be used"
        log.error("sentry_unusable", error=type(error).__name__, hint=hint)
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(sentry_sdk.get_client().close, SHUTDOWN_TIMEOUT_SECONDS)


sentry = Feature(
    name="sentry", lifespan=lambda app: _reporting(app.state), worker_lifespan=_reporting
)

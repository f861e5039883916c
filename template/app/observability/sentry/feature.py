"""Sentry as a feature: it is told of every error that nobody expected."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import structlog
from fastapi import FastAPI
from pydantic import AfterValidator, SecretStr
from starlette.datastructures import State

from app.core.config import Settings
from app.core.failures import Failures
from app.core.feature import Feature
from app.core.settings import EnvSettings

log = structlog.get_logger(__name__)


def usable(dsn: SecretStr) -> SecretStr:
    """Refuse what is no DSN, without repeating it: it holds a key."""
    from sentry_sdk.utils import BadDsn, Dsn

    try:
        Dsn(dsn.get_secret_value())
    except (BadDsn, ValueError):
        raise ValueError("is not a DSN like https://key@host/1") from None
    return dsn


class SentrySettings(EnvSettings):
    """Without `SENTRY_DSN` nothing is sent."""

    sentry_dsn: Annotated[SecretStr, AfterValidator(usable)] | None = None


@asynccontextmanager
async def _report(state: State) -> AsyncGenerator[None, None]:
    dsn = SentrySettings.load().sentry_dsn
    if dsn is None:
        yield
        return
    # Not before: it takes a while, and is not needed without a DSN.
    from app.observability.sentry.reporter import Reporter

    try:
        reporter = Reporter(dsn.get_secret_value(), Settings.load().environment)
    except (ImportError, OSError, ValueError) as error:  # without its text: it may hold a password
        hint = "HTTP_PROXY, HTTPS_PROXY or NO_PROXY cannot be used"
        log.error("sentry_unusable", error=type(error).__name__, hint=hint)
        yield
        return
    failures: Failures = state.failures
    failures.listeners.append(reporter)
    try:
        yield
    finally:
        failures.listeners.remove(reporter)
        await reporter.close()


def _setup(_: FastAPI) -> None:
    SentrySettings.load()  # so that a bad one ends the process, and not the first error


sentry = Feature(
    name="sentry", setup=_setup, lifespan=lambda app: _report(app.state), worker=_report
)

"""Errors to Sentry: where they happened and in which request, and nothing that people sent."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio.to_thread
from fastapi import FastAPI
from pydantic import AfterValidator, SecretStr
from sentry_sdk import Client, Scope
from sentry_sdk.utils import BadDsn, Dsn, event_from_exception

from app.core.config import Settings
from app.core.failures import Failure, Failures
from app.core.feature import Feature
from app.core.project import PROJECT
from app.core.settings import EnvSettings

FAREWELL_SECONDS = 2.0


def usable(dsn: SecretStr) -> SecretStr:
    """Refuse what is no DSN, without repeating it: it holds a key."""
    try:
        Dsn(dsn.get_secret_value())
    except (BadDsn, ValueError):
        raise ValueError("is not a DSN like https://key@host/1") from None
    return dsn


class SentrySettings(EnvSettings):
    """Without `SENTRY_DSN` nothing is sent."""

    sentry_dsn: Annotated[SecretStr, AfterValidator(usable)] | None = None


class Reporter:
    """Sends each failure that it is told of, in the background.

    A client of its own without integrations, which would hear of the same errors again, and send
    what is in requests, logs and variables. The texts of errors are left out too: whoever wrote
    them may have put anything in. They are in the log, under the same request id.
    """

    def __init__(self, dsn: SecretStr, environment: str) -> None:
        self.client = Client(
            dsn=dsn.get_secret_value(),
            environment=environment,
            release=f"{PROJECT.name}@{PROJECT.version}",
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_request_body_size="never",
        )

    def __call__(self, failure: Failure) -> None:
        """Send it."""
        options: dict[str, Any] = self.client.options
        event, hint = event_from_exception(failure.error, client_options=options)
        for error in event["exception"]["values"]:
            error["value"] = ""
        event["transaction"] = failure.route
        event["tags"] = {"request_id": failure.request_id, "route": failure.route}
        self.client.capture_event(event, hint, scope=Scope())

    async def close(self) -> None:
        """Send what waits, but do not wait for long."""
        await anyio.to_thread.run_sync(lambda: self.client.close(timeout=FAREWELL_SECONDS))


@asynccontextmanager
async def _worker(failures: Failures) -> AsyncGenerator[None, None]:
    dsn = SentrySettings.load().sentry_dsn
    if dsn is None:
        yield
        return
    reporter = Reporter(dsn, Settings.load().environment)
    failures.listeners.append(reporter)
    try:
        yield
    finally:
        failures.listeners.remove(reporter)
        await reporter.close()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    async with _worker(app.state.failures):
        yield


def _setup(_: FastAPI) -> None:
    SentrySettings.load()  # so that a bad one ends the process, and not the first error


sentry = Feature(name="sentry", setup=_setup, lifespan=_lifespan, worker=_worker)

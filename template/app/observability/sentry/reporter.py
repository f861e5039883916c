"""Sends errors: where they happened and in which request, and nothing that people sent."""

from typing import Any

import anyio.to_thread
from sentry_sdk import Client, Scope
from sentry_sdk.utils import event_from_exception

from app.core.failures import Failure
from app.core.project import PROJECT

FAREWELL_SECONDS = 2.0


class Reporter:
    """Sends each failure that it is told of, in the background.

    A client of its own without integrations, which would hear of the same errors again, and send
    what is in requests, logs and variables. The texts of errors are left out too: whoever wrote
    them may have put anything in. They are in the log, under the same request id.
    """

    def __init__(self, dsn: str, environment: str) -> None:
        self.client = Client(
            dsn=dsn,
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

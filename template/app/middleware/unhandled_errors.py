"""Turns unhandled errors into a 500 that shows no details."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import internal_error
from app.core.state import app_of

log = structlog.get_logger(__name__)


class UnhandledErrorMiddleware:
    """Catches errors inside the other middleware, so that the 500 gets their headers.

    Starlette's `ServerErrorMiddleware` is outermost: its response would have no request id and no
    CORS headers, and the server would close the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond 500, unless the response has started: then the connection must be closed.

        After the response is complete, only a background task can fail, which is logged.
        """
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = complete = False

        async def send_and_track(message: Message) -> None:
            nonlocal started, complete
            started = True
            await send(message)
            complete = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await self.app(scope, receive, send_and_track)
        except Exception as error:
            app_of(scope).state.error_reporters.report_request(error, scope)
            if started and not complete:
                raise
            log.exception("unhandled_error")
            if not started:
                await internal_error(scope)(scope, receive, send)

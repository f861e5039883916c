"""Turns an error that nobody expected into a 500 that tells nothing."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import internal_error
from app.core.failures import tell_of_request

log = structlog.get_logger(__name__)


class LastResortMiddleware:
    """Innermost of ours: the 500 then passes through the others and gets their headers.

    Starlette's own handler stands outside of everything: its answer would have no request id and
    no CORS headers, and the server would drop the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500 unless the answer, or a WebSocket, has begun; then the connection must break.

        Once the answer is complete, only a background task can fail: nobody waits for that.
        """
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = complete = False

        async def watch(message: Message) -> None:
            nonlocal started, complete
            started = True
            await send(message)
            complete = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            tell_of_request(scope, error)
            if started and not complete:
                raise
            log.exception("unhandled_error")
            if not started:
                await internal_error(scope)(scope, receive, send)

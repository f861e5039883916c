"""Refuses callers who ask too often, and tells the others what is left to them."""

from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.exceptions import AppError, TooManyRequestsError
from app.limiter.address import rate_limit_key
from app.limiter.headers import limit_headers
from app.rate_limit.rules import Rules

Identify = Callable[[Scope], str | None]


class RateLimitMiddleware:
    """Stands before everything that costs something, and behind what knows the caller's address."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self.app = app
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and serve or refuse it."""
        rule = self.rules.find(scope) if scope["type"] == "http" else None
        if rule is None:
            await self.app(scope, receive, send)
            return
        state = scope["app"].state
        key = ("request", rule.name, *caller(scope, state.identify))
        window = await state.limiter.hit(rule.rate, *key)
        headers = limit_headers(rule.name, rule.rate, window)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message), headers)
            await send(message)

        serve = self.app if window.allowed else refuse
        await serve(scope, receive, send_with_headers)


def caller(scope: Scope, identify: Identify) -> tuple[str, str]:
    """Who asks: the user, else the address, which proxies of ours have already corrected."""
    if user := identify(scope):
        return "user", user
    return "address", rate_limit_key(scope["client"][0] if scope.get("client") else "unknown")


def add_headers(headers: MutableHeaders, ours: dict[str, str]) -> None:
    """Add ours behind those of a stricter limit within, such as that of logins."""
    for name, value in ours.items():
        headers[name] = ", ".join(filter(None, (headers.get(name), value)))


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 429, in the form that the app gives its errors."""
    answer = scope["app"].exception_handlers[AppError]
    response = await answer(Request(scope), TooManyRequestsError())
    await response(scope, receive, send)

"""Rate limits as a feature: counts that all processes share, and a limit for every caller."""

from fastapi import FastAPI
from starlette.types import Scope

from app.core.exceptions import AppError, TooManyRequestsError
from app.core.feature import Feature
from app.core.route import is_upkeep
from app.limiter.limiter import LocalLimiter
from app.rate_limit.limiter import SharedLimiter
from app.rate_limit.middleware import RateLimitMiddleware
from app.rate_limit.rules import Rules
from app.rate_limit.settings import RateLimitSettings


def nobody(_: Scope) -> None:
    """The user of a request, for a service that knows none."""


def refusals(path: str) -> list[type[AppError]]:
    """What the operations of a path may answer because of this feature."""
    return [] if is_upkeep(path) else [TooManyRequestsError]


def headers(path: str) -> tuple[str, ...]:
    """The headers that this feature adds to the answers of a path."""
    return () if is_upkeep(path) else ("RateLimit", "RateLimit-Policy")


def _setup(app: FastAPI) -> None:
    settings = RateLimitSettings.load()
    app.state.limiter = SharedLimiter(app.state.redis) if app.state.redis else LocalLimiter()
    app.state.identify = nobody  # until a feature that knows users is set up
    if settings.rate_limit_enabled:
        app.state.refusals = refusals
        app.state.documented_headers.append(headers)
        app.add_middleware(RateLimitMiddleware, rules=Rules(settings, app))


rate_limit = Feature(name="rate_limit", after=("redis",), setup=_setup)

"""The feature `rate_limit`: a limit on the requests of every client."""

from fastapi import FastAPI
from starlette.types import Scope

from app.core.exceptions import AppError, TooManyRequestsError
from app.core.feature import Feature
from app.core.http import is_probe_or_metrics
from app.rate_limit.limiter import RateLimiter
from app.rate_limit.middleware import RateLimitMiddleware, RateLimitSettings, Rules
from app.rate_limit.redis_limiter import RedisRateLimiter


async def anonymous(_: Scope) -> None:
    """Return no user id: the default, for a service without users."""


def documented_errors(path: str) -> list[type[AppError]]:
    """Return the errors that this feature adds to the operations of a path."""
    return [] if is_probe_or_metrics(path) else [TooManyRequestsError]


def documented_headers(path: str) -> tuple[str, ...]:
    """Return the headers that this feature adds to the answers of a path."""
    return () if is_probe_or_metrics(path) else ("RateLimit", "RateLimit-Policy")


def _setup(app: FastAPI) -> None:
    settings = RateLimitSettings.load()
    redis = app.state.redis
    app.state.limiter = RedisRateLimiter(redis) if redis else RateLimiter()
    app.state.identify = anonymous  # `auth` is set up later and replaces it
    if settings.rate_limit_enabled:
        app.state.refusals = documented_errors
        app.state.documented_headers.append(documented_headers)
        app.add_middleware(RateLimitMiddleware, rules=Rules(settings, app))


rate_limit = Feature(name="rate_limit", after=("redis",), setup=_setup)

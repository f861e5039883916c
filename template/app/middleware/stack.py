"""The middleware stack.

Outermost first, with every feature switched on:

- `RequestContextMiddleware`: request id, client address, security headers, access log
- `RequestSpanMiddleware` (tracing)
- `MetricsMiddleware` (metrics)
- `ProblemCORSMiddleware`
- `DeprecationMiddleware` (api_v2)
- `TraceContextMiddleware` (http_client)
- `RateLimitMiddleware` (rate_limit)
- `TrustedHostsMiddleware`
- `WeightedGZipMiddleware`
- `UnhandledErrorMiddleware`
- `BodyLimitMiddleware`
- `HeadMiddleware`

Features add theirs in `setup`, in the order of `FEATURES`; those of every service are added here.
"""

from fastapi import FastAPI

from app.core.config import Settings
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.gzip import WeightedGZipMiddleware
from app.middleware.head import HeadMiddleware
from app.middleware.trusted_hosts import TrustedHostsMiddleware
from app.middleware.unhandled_errors import UnhandledErrorMiddleware

# Tokens are smaller, so they are never compressed together with text that an attacker may choose
# (BREACH).
GZIP_MINIMUM_BYTES = 2048


def add_middleware(app: FastAPI) -> None:
    """Add the middleware of every service, innermost first."""
    settings: Settings = app.state.settings
    app.add_middleware(HeadMiddleware)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.request_max_bytes)
    app.add_middleware(UnhandledErrorMiddleware)
    app.add_middleware(WeightedGZipMiddleware, minimum_size=GZIP_MINIMUM_BYTES, compresslevel=5)
    if settings.trusted_hosts:
        app.add_middleware(TrustedHostsMiddleware, hosts=settings.trusted_hosts)

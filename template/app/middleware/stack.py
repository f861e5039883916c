"""The innermost middlewares, the first innermost. Features add theirs around these."""

from fastapi import FastAPI

from app.core.config import Settings
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.gzip import WeightedGZipMiddleware
from app.middleware.head import HeadMiddleware
from app.middleware.last_resort import LastResortMiddleware
from app.middleware.trusted_hosts import TrustedHostsMiddleware

# Smaller answers are not worth the time; tokens are smaller, and so never compressed beside text
# that an attacker may choose (BREACH).
LARGE_BYTES = 2048


def add_middleware(app: FastAPI) -> None:
    """Add what the settings ask for."""
    settings: Settings = app.state.settings
    app.add_middleware(HeadMiddleware)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.request_max_bytes)
    app.add_middleware(LastResortMiddleware)
    app.add_middleware(WeightedGZipMiddleware, minimum_size=LARGE_BYTES, compresslevel=5)
    if settings.trusted_hosts:
        app.add_middleware(TrustedHostsMiddleware, hosts=settings.trusted_hosts)

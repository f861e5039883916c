"""Telling a caller what is left (draft-ietf-httpapi-ratelimit-headers)."""

from limits import RateLimitItem

from app.limiter.limiter import Window


def limit_headers(name: str, rate: RateLimitItem, window: Window) -> dict[str, str]:
    """The policy and its state, and for who is refused, when to come again (RFC 9110 §10.2.3)."""
    headers = {
        "RateLimit-Policy": f'"{name}";q={rate.amount};w={rate.get_expiry()}',
        "RateLimit": f'"{name}";r={window.remaining};t={window.reset}',
    }
    return headers if window.allowed else {"Retry-After": str(window.reset), **headers}

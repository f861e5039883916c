"""What becomes of other services' faults. Their own words go to the log, never to the caller."""

from app.core.exceptions import AppError


class UpstreamError(AppError):
    """Another service is down, refuses us, or answers nonsense."""

    status = 502
    code = "upstream_error"
    detail = "A service that this one asks gave no usable answer."


class UpstreamTimeoutError(UpstreamError):
    """Another service takes too long."""

    status = 504
    code = "upstream_timeout"
    detail = "A service that this one asks did not answer in time."

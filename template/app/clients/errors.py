"""Errors of other services. Their own text is logged, and never sent to a client."""

from app.core.exceptions import AppError


class UpstreamError(AppError):
    """Another service is down, or its answer is an error or invalid."""

    status = 502
    code = "upstream_error"
    detail = "An upstream service gave no usable answer."


class UpstreamTimeoutError(UpstreamError):
    """Another service timed out."""

    status = 504
    code = "upstream_timeout"
    detail = "An upstream service did not answer in time."

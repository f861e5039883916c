"""Errors that become problem responses. Subclass `AppError` next to the service that raises it."""

from collections.abc import Mapping
from typing import ClassVar


class AppError(Exception):
    """An error with an HTTP status, a stable code and a message that is safe to show (RFC 9457)."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    detail: ClassVar[str] = "The server made a mistake. It has been logged."
    headers: ClassVar[Mapping[str, str]] = {}
    # The field of the input that is wrong, for a 422.
    loc: ClassVar[tuple[str, ...]] = ()
    # Whether changes before the error are committed, as a revoked session must be.
    commits: ClassVar[bool] = False
    # Whether a 5xx is logged as an error, and reported.
    reported: ClassVar[bool] = True

    def __init__(self, detail: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail or self.detail)
        self.message = detail or self.detail
        self.response_headers = {**self.headers, **(headers or {})}


class NotFoundError(AppError):
    """The object does not exist, or is hidden from the caller."""

    status = 404
    code = "not_found"
    detail = "There is no such resource."


class ConflictError(AppError):
    """The request conflicts with the current state."""

    status = 409
    code = "conflict"
    detail = "The request conflicts with the current state of the resource."


class PreconditionFailedError(AppError):
    """`If-Match` names another version (RFC 9110 §13.1.1)."""

    status = 412
    code = "precondition_failed"
    detail = "The resource has changed since you read it."


class NotAuthenticatedError(AppError):
    """The request carries no credentials."""

    status = 401
    code = "not_authenticated"
    detail = "Send an access token."
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class BearerTokenError(NotAuthenticatedError):
    """The token is not accepted (RFC 6750 §3.1)."""

    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class PermissionDeniedError(AppError):
    """The caller is authenticated, but not allowed to do this."""

    status = 403
    code = "permission_denied"
    detail = "You may not do this."


class TooManyRequestsError(AppError):
    """The caller has reached a rate limit (RFC 6585 §4)."""

    status = 429
    code = "rate_limited"
    detail = "Too many requests. Wait a little."


class DependencyUnavailableError(AppError):
    """A server that the service depends on is down, silent or out of connections."""

    status = 503
    code = "dependency_unavailable"
    detail = "A server this service depends on does not answer. Try again."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}

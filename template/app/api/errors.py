"""Exception handlers: every error becomes `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Literal

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import PydanticKnownError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from app.api.responses import allowed_methods
from app.core.exceptions import (
    AppError,
    ConflictError,
    NotAuthenticatedError,
    PermissionDeniedError,
)
from app.core.problem import Fault, problem_response
from app.core.state import app_of
from app.db.errors import DatabaseUnavailableError, is_foreign_key_violation

# The codes of the framework's own errors, where they are not the names of the status.
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_error",
}
# Errors of the service, which an HTTPException with their status means too.
ERRORS = {error.status: error for error in (AppError, NotAuthenticatedError, PermissionDeniedError)}
# Where the standard library's description of a status would mislead, or depends on its version.
DETAILS = {
    400: "The request is malformed.",
    413: "The body is too large.",
    415: "The body is of a type or encoding not read here.",
    422: "The request does not have the form this operation needs.",
}
# FastAPI's message for a body that cannot be decoded: Latin-1, or JSON that is nested too deeply.
UNREADABLE_BODY = "There was an error parsing the body"
# Pydantic counts items, not characters, where a validator of ours runs before the length check.
TEXT_ERRORS: dict[str, Literal["string_too_short", "string_too_long"]] = {
    "too_short": "string_too_short",
    "too_long": "string_too_long",
}
MAX_LOC_LENGTH = 100

log = structlog.get_logger(__name__)


class MalformedJSONError(AppError):
    """The body cannot be decoded."""

    status = 400
    code = "malformed_json"
    detail = "The body is not valid JSON."


def framework_detail(status: int) -> str:
    """Return what an error of the framework says."""
    known = HTTPStatus(status)
    return DETAILS.get(status) or f"{known.description or known.phrase}."


def internal_error(scope: Scope) -> Response:
    """Make the response of an unhandled error."""
    return problem_response(scope, AppError.status, AppError.code, AppError.detail)


async def app_error(request: Request, error: Exception) -> Response:
    """Handle the service's own errors."""
    assert isinstance(error, AppError)  # noqa: S101  (what it is registered for)
    if error.status >= 500 and error.reported:
        log.error(error.code, error=type(error).__name__, exc_info=error)
        app_of(request.scope).state.error_reporters.report_request(error, request.scope)
    fault = Fault(loc=[*error.loc], message=error.message, type="value_error")
    headers, faults = error.response_headers, [fault] if error.loc else None
    return problem_response(request.scope, error.status, error.code, error.message, headers, faults)


async def pool_timeout(request: Request, _: Exception) -> Response:
    """Answer 503 when all database connections stay in use."""
    return await app_error(request, DatabaseUnavailableError())


async def concurrent_change(request: Request, error: Exception) -> Response:
    """Answer 409 when a row has gone that was read before, or that a new one refers to."""
    if isinstance(error, IntegrityError):
        is_commit = error.statement is None
        if is_commit or not is_foreign_key_violation(error):
            raise error
    log.warning("concurrent_change", error=type(error).__name__)
    detail = "Another request has changed or deleted what this one needs."
    return await app_error(request, ConflictError(detail))


async def http_error(request: Request, error: Exception) -> Response:
    """Handle the framework's errors: unknown paths, wrong methods, bodies that are too large."""
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.detail == UNREADABLE_BODY and isinstance(error.__cause__, ValueError | RecursionError):
        return await app_error(request, MalformedJSONError())
    status, headers = error.status_code, dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(allowed_methods(request))
    if known := ERRORS.get(status):
        return problem_response(request.scope, status, known.code, known.detail, headers)
    code = CODES.get(status) or HTTPStatus(status).name.lower()
    return problem_response(request.scope, status, code, framework_detail(status), headers)


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 404 to WebSockets on unknown paths too; Starlette would close them."""
    raise HTTPException(404)


async def validation_error(request: Request, error: Exception) -> Response:
    """Answer which fields are wrong, without their values: one may be a password."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [_fault(raw) for raw in error.errors()]
    if any(fault.type == "json_invalid" for fault in faults):
        return await app_error(request, MalformedJSONError())
    return problem_response(request.scope, 422, CODES[422], DETAILS[422], errors=faults)


def _fault(raw: dict[str, Any]) -> Fault:
    loc = [_printable(part) for part in raw["loc"]]
    if raw["type"] in TEXT_ERRORS and isinstance(raw.get("input"), str):
        known = PydanticKnownError(TEXT_ERRORS[raw["type"]], raw["ctx"])
        return Fault(loc=loc, message=known.message(), type=known.type)
    return Fault(loc=loc, message=raw["msg"].removeprefix("Value error, "), type=raw["type"])


def _printable(part: str | int) -> str | int:
    """Shorten the name of an unknown field, and replace lone surrogates: the client wrote it."""
    if isinstance(part, int):
        return part
    return part[:MAX_LOC_LENGTH].encode("utf-8", "replace").decode("utf-8")


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers. `UnhandledErrorMiddleware` makes the 500."""
    app.add_exception_handler(AppError, app_error)
    app.add_exception_handler(PoolTimeoutError, pool_timeout)
    app.add_exception_handler(IntegrityError, concurrent_change)
    app.add_exception_handler(StaleDataError, concurrent_change)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.router.default = not_found

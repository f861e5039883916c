"""Every error leaves as problem+json (RFC 9457), from one function."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import PydanticKnownError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from app.api.methods import allowed_methods
from app.core.exceptions import AppError
from app.core.failures import tell_of_request
from app.db.errors import DatabaseUnavailableError

MEDIA_TYPE = "application/problem+json"
# What the framework itself refuses.
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}
# What the standard library says of these would mislead.
DETAILS = {
    400: "The request is malformed.",
    415: "The body is of a type or encoding not read here.",
}
# What FastAPI says of a body that it fails to decode, such as Latin-1 or JSON nested too deeply.
UNREADABLE = "There was an error parsing the body"
# Pydantic counts items, not characters, where a check of our own stands before the length.
OF_TEXT: dict[str, Literal["string_too_short", "string_too_long"]] = {
    "too_short": "string_too_short",
    "too_long": "string_too_long",
}

log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """What is wrong with one part of the input."""

    loc: Annotated[list[str | int], Field(examples=[["body", "lines", 0, "quantity"]])]
    message: Annotated[str, Field(examples=["Input should be greater than or equal to 1"])]
    type: Annotated[str, Field(examples=["greater_than_equal"])]


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(examples=["There is no such resource."])]
    instance: Annotated[str, Field(examples=["/api/v1/items/1"])]
    code: Annotated[str, Field(examples=["not_found"])]
    request_id: Annotated[str, Field(examples=["5f0c8a4e1b9d4c7e8a2f6d3b0e9c7a15"])]
    errors: list[Fault] | None = None
    error: Annotated[
        str | None,
        Field(
            description="For OAuth2 clients, where tokens are given (RFC 6749 §5.2)",
            examples=["invalid_grant"],
        ),
    ] = None


def problem(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[Fault] | None = None,
) -> Response:
    """Make the one response that every error becomes. It is never cached."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=scope["path"],
        code=code,
        request_id=scope.get("state", {}).get("request_id", ""),
        errors=errors,
        error=oauth2_error(scope, status, errors or []),
    )
    return Response(
        body.model_dump_json(exclude_none=True),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def oauth2_error(scope: Scope, status: int, faults: list[Fault]) -> str | None:
    """Return what the feature that gives tokens adds to a problem, if there is one."""
    member = getattr(scope["app"].state, "oauth2_error", None)
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return member(path, status, faults) if member else None


def internal_error(scope: Scope) -> Response:
    """The answer when the mistake is ours."""
    return problem(scope, AppError.status, AppError.code, AppError.detail)


async def app_error(request: Request, error: Exception) -> Response:
    """Answer what the error says of itself."""
    assert isinstance(error, AppError)  # noqa: S101  (what it is registered for)
    if error.status >= 500:
        log.error(error.code, error=type(error).__name__, exc_info=error)
        tell_of_request(request.scope, error)
    return problem(request.scope, error.status, error.code, error.message, error.response_headers)


async def pool_exhausted(request: Request, _: Exception) -> Response:
    """Answer 503 when every database connection is in use for too long."""
    return await app_error(request, DatabaseUnavailableError())


async def http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown paths, wrong methods, bodies too large."""
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    if error.detail == UNREADABLE and isinstance(error.__cause__, ValueError | RecursionError):
        return problem(request.scope, 400, "malformed_json", "The body is not valid JSON.")
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request))
    code = CODES.get(error.status_code, "bad_request")
    detail = DETAILS.get(error.status_code) or f"{HTTPStatus(error.status_code).description}."
    return problem(request.scope, error.status_code, code, detail, headers)


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a WebSocket on an unknown path like any other request; Starlette closes it."""
    raise HTTPException(404)


async def validation_error(request: Request, error: Exception) -> Response:
    """Answer where the input is wrong, never what it was: it may be a password."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [_fault(fault) for fault in error.errors()]
    if any(fault.type == "json_invalid" for fault in faults):
        return problem(request.scope, 400, "malformed_json", "The body is not valid JSON.")
    detail = "The request does not have the form this operation needs."
    return problem(request.scope, 422, "validation_error", detail, errors=faults)


def _fault(raw: dict[str, Any]) -> Fault:
    loc = [_printable(part) for part in raw["loc"]]
    if raw["type"] in OF_TEXT and isinstance(raw.get("input"), str):
        known = PydanticKnownError(OF_TEXT[raw["type"]], raw["ctx"])
        return Fault(loc=loc, message=known.message(), type=known.type)
    return Fault(loc=loc, message=raw["msg"].removeprefix("Value error, "), type=raw["type"])


def _printable(part: str | int) -> str | int:
    """An unknown field's name is the caller's own text, and may hold lone surrogates."""
    if isinstance(part, int):
        return part
    return part[:100].encode("utf-8", "replace").decode("utf-8")


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers. The 500 is made by `LastResortMiddleware`."""
    app.add_exception_handler(AppError, app_error)
    app.add_exception_handler(PoolTimeoutError, pool_exhausted)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.router.default = not_found

"""OAuth2 error responses of the token endpoints (RFC 6749 §5.2), for client libraries."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.api.errors import app_error
from app.api.responses import PROBLEM
from app.core.exceptions import AppError
from app.core.http import path_below_root
from app.core.problem import MEDIA_TYPE, Fault
from app.core.state import FastAPI
from app.services.auth import RefreshTokenInvalidError

TOKEN_URL = "/api/v1/auth/login"  # noqa: S105  (a path, not a token)
REFRESH_URL = "/api/v1/auth/refresh"


class OAuth2Error(BaseModel):
    """A refused refresh by form (RFC 6749 §5.2)."""

    error: str = Field(examples=["invalid_grant"])
    error_description: str = Field(examples=["The refresh token is not accepted."])


class RefreshTokenMissingError(AppError):
    """The form of a refresh has no token."""

    status = 400
    code = "bad_request"
    detail = "Send the refresh_token."


# A malformed request is a problem, as everywhere; a refused refresh is not.
REFUSED_REFRESH: dict[int | str, dict[str, Any]] = {
    400: {
        "description": "The request is malformed, or the refresh token is not accepted",
        "model": OAuth2Error,
        "content": {MEDIA_TYPE: {"schema": PROBLEM}},
    }
}


def oauth2_error_code(path: str, status: int, faults: Sequence[Fault]) -> str | None:
    """Return the member `error` of a problem, without which clients expect a token."""
    if path not in {TOKEN_URL, REFRESH_URL} or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    if any("grant_type" in fault.loc for fault in faults):
        return "unsupported_grant_type"
    by_status = {401: "invalid_grant", 403: "invalid_grant", 429: "temporarily_unavailable"}
    return by_status.get(status, "invalid_request")


async def handle_refused_refresh(request: Request, error: Exception) -> Response:
    """Answer a form with an OAuth2 error, and JSON with a problem."""
    assert isinstance(error, AppError)  # noqa: S101  (what it is registered for)
    if path_below_root(request.scope) != TOKEN_URL:
        return await app_error(request, error)
    code = "invalid_grant" if isinstance(error, RefreshTokenInvalidError) else "invalid_request"
    content = OAuth2Error(error=code, error_description=error.message)
    return JSONResponse(content.model_dump(), 400, headers={"Cache-Control": "no-store"})


def add_oauth2_errors(app: FastAPI) -> None:
    """Register the error handlers."""
    app.state.oauth2_error = oauth2_error_code
    app.add_exception_handler(RefreshTokenInvalidError, handle_refused_refresh)
    app.add_exception_handler(RefreshTokenMissingError, handle_refused_refresh)

"""The body of every error: `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Scope

from app.core.http import path_below_root
from app.core.state import app_of

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """What is wrong with one field of the input."""

    loc: Annotated[list[str | int], Field(examples=[["body", "lines", 0, "quantity"]])]
    message: Annotated[str, Field(examples=["Input should be greater than or equal to 1"])]
    type: Annotated[str, Field(examples=["greater_than_equal"])]


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(examples=["There is no such resource."])]
    instance: Annotated[str, Field(examples=["/api/v1/books/1"])]
    code: Annotated[str, Field(examples=["not_found"])]
    request_id: Annotated[str, Field(examples=["5f0c8a4e1b9d4c7e8a2f6d3b0e9c7a15"])]
    errors: list[Fault] | None = None
    error: Annotated[
        str | None,
        Field(
            description="For OAuth2 clients, where tokens are issued (RFC 6749 §5.2)",
            examples=["invalid_grant"],
        ),
    ] = None


def problem_response(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[Fault] | None = None,
) -> Response:
    """Make the response of an error. It is never cached."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=scope["path"],
        code=code,
        request_id=scope.get("state", {}).get("request_id", ""),
        errors=errors,
        error=_oauth2_error(scope, status, errors or []),
    )
    return Response(
        body.model_dump_json(exclude_none=True),
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def _oauth2_error(scope: Scope, status: int, faults: list[Fault]) -> str | None:
    """Return the field `error`, which the feature that issues tokens adds."""
    error_of = app_of(scope).state.oauth2_error
    return error_of(path_below_root(scope), status, faults) if error_of else None

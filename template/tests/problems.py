"""Assertions about error responses."""

from typing import Any

from httpx2 import Response

FIELDS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def assert_problem(response: Response, status: int, code: str) -> dict[str, Any]:
    """Check that the response is this problem (RFC 9457), and return it."""
    assert (response.status_code, response.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), response.text
    problem = response.json()
    assert problem.keys() - {"errors", "error"} == FIELDS
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert ("errors" in problem) == (code == "validation_error"), problem
    assert problem["instance"] == response.request.url.path
    assert problem["request_id"] == response.headers["x-request-id"]
    assert response.headers["cache-control"] == "no-store"
    return problem

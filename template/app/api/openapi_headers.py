"""Response headers in the OpenAPI document: each is described once and referred to by name."""

from typing import Any

HEADERS = {
    "Accept-Ranges": ("Parts of the file can be asked for with `Range`", "bytes"),
    "Content-Disposition": ("The file's name (RFC 6266)", 'attachment; filename="items.csv"'),
    "Content-Range": ("Which bytes these are, of how many", "bytes 0-99/1234"),
    "Deprecation": ("Since when this version is deprecated (RFC 9745)", "@1767225600"),
    "ETag": ("The version, for `If-None-Match` and `If-Match` (RFC 9110 §8.8.3)", '"3"'),
    "Link": ("The same in the next version", '</api/v2/items>; rel="successor-version"'),
    "Location": ("Where it is found", "/api/v1/items/0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a60"),
    "RateLimit": ("How many requests remain, and seconds until more do", '"default";r=299;t=60'),
    "RateLimit-Policy": (
        "How many requests are allowed in how many seconds",
        '"default";q=300;w=60',
    ),
    "Retry-After": ("Seconds to wait (RFC 9110 §10.2.3)", "5"),
    "WWW-Authenticate": ("How to authenticate (RFC 6750 §3)", 'Bearer error="invalid_token"'),
}
RATE_LIMIT = ("RateLimit", "RateLimit-Policy")
PLACE = "#/components/headers/"


def headers(*names: str) -> dict[str, Any]:
    """Document the headers of a response: `responses={201: headers("Location")}`."""
    return {"headers": {name: {"$ref": f"{PLACE}{name}"} for name in names}} if names else {}


def describe_headers(document: dict[str, Any]) -> None:
    """Add the descriptions of those that the document refers to."""
    used = {
        name
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for name in response.get("headers", ())
    }
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string", "examples": [example]}}
        for name, (text, example) in HEADERS.items()
        if name in used
    }

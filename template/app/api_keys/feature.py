"""The feature `api_keys`: keys with which scripts call the API as a user."""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import RouteContext

from app.api.access import operations
from app.api.auth import require_login, require_login_for_self
from app.api.responses import error_response
from app.core.exceptions import PermissionDeniedError
from app.core.feature import Feature
from app.core.state import FastAPI
from app.services.api_key import ApiKeyScheme
from app.services.caller import ApiKeyNotAllowedError

# For the OpenAPI document.
INTRODUCTION = """
## API keys

Make one with `POST /api/v1/users/me/api-keys`. A script sends it in place of the access token,
`Authorization: Bearer <key>`, and may do what its user may. Only sessions, keys and changes of the
account itself need an access token.
"""
SECURITY_SCHEME = {"type": "http", "scheme": "bearer", "description": "An API key"}


def document_keys(document: dict[str, Any], routes: Iterable[RouteContext]) -> None:
    """Document which operations accept a key, and which refuse it."""
    document["components"]["securitySchemes"]["ApiKey"] = SECURITY_SCHEME
    for _, operation, guards in operations(document, routes):
        if require_login in guards or require_login_for_self in guards:
            refused = error_response(PermissionDeniedError, ApiKeyNotAllowedError)
            operation["responses"]["403"] = refused
        if "security" in operation and require_login not in guards:
            operation["security"].append({"ApiKey": []})


def _setup(app: FastAPI) -> None:
    app.state.token_schemes.insert(0, ApiKeyScheme(app.state.uses))
    app.state.document_access.append(document_keys)
    app.description += INTRODUCTION


api_keys = Feature(name="api_keys", after=("auth", "permissions"), setup=_setup)

"""The `permissions` feature: roles, and permissions by name in the OpenAPI document."""

from app.api.access import document_access
from app.core.feature import Feature
from app.core.state import FastAPI

# For the introduction of the OpenAPI document.
INTRODUCTION = """
## Roles

Where `x-permission` names a permission, such as `users:read`, superusers may call the operation,
and users with a role that grants it. `GET /api/v1/users/me` lists your permissions.
"""


def _setup(app: FastAPI) -> None:
    document_access(app, by_permission=True)
    app.description += INTRODUCTION


permissions = Feature(name="permissions", after=("auth",), setup=_setup)

"""The `permissions` feature: roles, and permissions by name in the OpenAPI document."""

from fastapi import FastAPI

from app.api.access import document_access
from app.core.feature import Feature

# For the introduction of the OpenAPI document.
INTRODUCTION = """
## Roles

A superuser can give what is said here to be for superusers to others too, by roles: the field
`x-permission` of an operation is the permission that it requires. `GET /api/v1/users/me` lists
yours.
"""


def _setup(app: FastAPI) -> None:
    document_access(app, by_permission=True)
    app.description += INTRODUCTION


permissions = Feature(name="permissions", after=("auth",), setup=_setup)

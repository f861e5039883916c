"""The permissions of the service: what routes require, and roles grant."""

from enum import StrEnum


class Permission(StrEnum):
    """A permission, named `resource:action`. Superusers hold all of them."""

    ITEMS_WRITE = "items:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    # project permissions


ALL_PERMISSIONS = frozenset(Permission)

"""The permissions of API keys."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from app.auth.permissions import Permission
from app.schemas.role import drop_unknown


def default_to_held(names: Any, info: ValidationInfo) -> list[Permission]:
    """Return the names of a key; if it has none, what its user holds: `held` of the context."""
    held = (info.context or {}).get("held", ())
    return drop_unknown(held if names is None else names)


KeyPermissions = Annotated[
    list[Permission], BeforeValidator(default_to_held), Field(examples=[["items:write"]])
]

"""Access in a service without users: everything is public but the detailed health check."""

import secrets
from typing import Annotated

from fastapi import Depends
from fastapi.params import Depends as Dependency
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import SecretStr

from app.core.exceptions import NotAuthenticatedError, PermissionDeniedError
from app.core.settings import EnvSettings

# For the introduction of the OpenAPI document.
ACCESS = """## Who may do what

There are no users, and there is no login. **Every operation is public**, except
`GET /health/detailed`, which requires the value of the setting `HEALTH_TOKEN`, sent as
`Authorization: Bearer <HEALTH_TOKEN>`.
"""
bearer = HTTPBearer(auto_error=False, description="The value of `HEALTH_TOKEN`")


class OperatorSettings(EnvSettings):
    """The token of operators."""

    health_token: SecretStr | None = None


async def require_health_token(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> None:
    """Require `HEALTH_TOKEN` as the bearer token; if it is not set, deny everything."""
    if credentials is None:
        raise NotAuthenticatedError
    sent, token = credentials.credentials.encode(), OperatorSettings.load().health_token
    if token is None or not secrets.compare_digest(sent, token.get_secret_value().encode()):
        raise PermissionDeniedError


read_access: list[Dependency] = []
operator_access: list[Dependency] = [Depends(require_health_token)]


def write_access(_: str | None) -> list[Dependency]:
    """Return who may change what is shared."""
    return []

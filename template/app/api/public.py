"""Who may do what in a service without users: everybody, but for the operators' pages."""

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

There are no users, and there is no login: **everybody** may call every operation, but for
`GET /health/detailed`. That takes the value of the setting `HEALTH_TOKEN`, sent as
`Authorization: Bearer <HEALTH_TOKEN>`.
"""
bearer = HTTPBearer(auto_error=False, description="The value of `HEALTH_TOKEN`")
CredentialsDep = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


class OperatorSettings(EnvSettings):
    """What stands in for superusers."""

    health_token: SecretStr | None = None


async def require_health_token(credentials: CredentialsDep) -> None:
    """Let in who knows `HEALTH_TOKEN`; nobody, if it is not set."""
    if credentials is None:
        raise NotAuthenticatedError
    token = OperatorSettings.load().health_token
    if token is None or not secrets.compare_digest(
        credentials.credentials.encode(), token.get_secret_value().encode()
    ):
        raise PermissionDeniedError


readers: list[Dependency] = []
writers: list[Dependency] = []
operators: list[Dependency] = [Depends(require_health_token)]

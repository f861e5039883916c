"""Who may do what in a service without users: everybody, but for the operators' pages."""

import secrets
from typing import Annotated

from fastapi import Depends
from fastapi.params import Depends as Dependency
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.api.deps import SettingsDep
from app.core.exceptions import NotAuthenticatedError, PermissionDeniedError

bearer = HTTPBearer(auto_error=False, description="The value of `HEALTH_TOKEN`")
CredentialsDep = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def require_health_token(credentials: CredentialsDep, settings: SettingsDep) -> None:
    """Let in who knows `HEALTH_TOKEN`; nobody, if it is not set."""
    if credentials is None:
        raise NotAuthenticatedError
    token = settings.health_token
    if token is None or not secrets.compare_digest(
        credentials.credentials.encode(), token.get_secret_value().encode()
    ):
        raise PermissionDeniedError


readers: list[Dependency] = []
writers: list[Dependency] = []
operators: list[Dependency] = [Depends(require_health_token)]

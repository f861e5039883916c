"""/api/v1/users/me/api-keys: the API keys of the user."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from app.api.auth import LoginDep, require_owner
from app.api.deps import PrefixRouter
from app.api.responses import no_store, problems
from app.api.v1.endpoints.auth import PasswordServiceDep
from app.models.api_key import ApiKey
from app.schemas.api_key import ApiKeyCreate, ApiKeyCreated, ApiKeyList, ApiKeyRead
from app.services.api_key import ApiKeyNotFoundError, ApiKeyService, TooManyApiKeysError

router = PrefixRouter(
    prefix="/users/me/api-keys",
    tags=["Users"],
    dependencies=[Depends(no_store), Depends(require_owner)],
)


async def get_api_key_service(passwords: PasswordServiceDep, caller: LoginDep) -> ApiKeyService:
    """Make the service for one request. A key neither reads nor changes keys."""
    return ApiKeyService(passwords, caller)


ApiKeyServiceDep = Annotated[ApiKeyService, Depends(get_api_key_service)]


def to_read(key: ApiKey, keys: ApiKeyService) -> ApiKeyRead:
    """Return a key, which grants what its user holds unless it names permissions."""
    return ApiKeyRead.model_validate(key, context={"held": keys.caller.permissions})


@router.get("")
async def list_api_keys(keys: ApiKeyServiceDep) -> ApiKeyList:
    """List your API keys, newest first."""
    return ApiKeyList(items=[to_read(key, keys) for key in await keys.all()])


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(TooManyApiKeysError))
async def create_api_key(data: ApiKeyCreate, keys: ApiKeyServiceDep) -> ApiKeyCreated:
    """Create an API key for a script. Only this answer contains it: store it now."""
    row, key = await keys.create(data)
    return ApiKeyCreated(**dict(to_read(row, keys)), key=key)


@router.delete(
    "/{key_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(ApiKeyNotFoundError),
)
async def delete_api_key(key_id: UUID, keys: ApiKeyServiceDep) -> None:
    """Delete an API key. It is refused at once."""
    await keys.delete(key_id)

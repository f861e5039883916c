"""/api/v1/users/me/api-keys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status

from app.api.auth import LoginDep
from app.api.deps import SessionDep
from app.api.http import no_store
from app.api.responses import problems
from app.schemas.api_key import ApiKeyCreate, ApiKeyCreated, ApiKeyList, ApiKeyRead
from app.services.api_key import ApiKeyNotFoundError, ApiKeyService, TooManyApiKeysError

router = APIRouter(prefix="/users/me/api-keys", tags=["API keys"], dependencies=[Depends(no_store)])


async def get_api_key_service(session: SessionDep, caller: LoginDep) -> ApiKeyService:
    """The caller's keys. With a key, keys are neither read nor changed."""
    return ApiKeyService(session, caller.user)


ApiKeyServiceDep = Annotated[ApiKeyService, Depends(get_api_key_service)]


@router.get("")
async def list_api_keys(keys: ApiKeyServiceDep) -> ApiKeyList:
    """List your API keys, newest first."""
    return ApiKeyList(items=[ApiKeyRead.model_validate(key) for key in await keys.all()])


@router.post("", status_code=status.HTTP_201_CREATED, responses=problems(TooManyApiKeysError))
async def create_api_key(data: ApiKeyCreate, keys: ApiKeyServiceDep) -> ApiKeyCreated:
    """Create an API key for a script. Only this answer contains it: store it now."""
    row, key = await keys.create(data)
    return ApiKeyCreated(**ApiKeyRead.model_validate(row).model_dump(), key=key)


@router.delete(
    "/{key_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(ApiKeyNotFoundError),
)
async def delete_api_key(key_id: UUID, keys: ApiKeyServiceDep) -> None:
    """Delete an API key. It is refused at once."""
    await keys.delete(key_id)

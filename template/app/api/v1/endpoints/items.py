"""/api/v1/items."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status

from app.api.deps import IfMatch, IfNoneMatch, PrefixRouter, SessionDep
from app.api.responses import cache_headers, headers, problems
from app.core.exceptions import PreconditionFailedError
from app.core.http import etag, not_modified
from app.core.state import Request
from app.models.item import Item
from app.schemas.item import ItemCreate, ItemQuery, ItemRead, ItemUpdate
from app.schemas.pagination import Page
from app.services.item import ItemInUseError, ItemNotFoundError, ItemService, NameTakenError

# app/api/router.py says who may call each: users read, those with this permission write.
WRITE_PERMISSION = "items:write"
list_router = PrefixRouter(prefix="/items", tags=["Items"])
read_router = PrefixRouter(prefix="/items", tags=["Items"])
write_router = PrefixRouter(prefix="/items", tags=["Items"])


async def get_item_service(request: Request, session: SessionDep) -> ItemService:
    """Make the service for one request."""
    return ItemService(session, request.app.state.cache)


ItemServiceDep = Annotated[ItemService, Depends(get_item_service)]


@list_router.get("")
async def list_items(items: ItemServiceDep, query: Annotated[ItemQuery, Query()]) -> Page[ItemRead]:
    """List items: filtered, sorted and in pages."""
    return Page[ItemRead].of(await items.page(query), query)


@read_router.get(
    "/{item_id:uuid}",
    response_model=ItemRead,
    responses={
        200: headers("ETag"),
        304: {"description": "Your copy is current"} | headers("ETag"),
        **problems(ItemNotFoundError),
    },
)
async def get_item(
    item_id: UUID, items: ItemServiceDep, response: Response, if_none_match: IfNoneMatch = None
) -> ItemRead | Response:
    """Read one item. Its `ETag` goes into `If-None-Match` or `If-Match`."""
    found = await items.read(item_id)
    item = found.value
    sent = {"ETag": etag(item.version), **cache_headers(found.hit)}
    if not_modified(if_none_match, item.version):
        return Response(status_code=304, headers=sent)
    response.headers.update(sent)
    return item


@write_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ItemRead,
    responses={201: headers("ETag", "Location"), **problems(NameTakenError)},
)
async def create_item(
    data: ItemCreate, items: ItemServiceDep, request: Request, response: Response
) -> Item:
    """Add an item."""
    item = await items.create(data)
    response.headers["Location"] = f"{request.url.path}/{item.id}"
    response.headers["ETag"] = etag(item.version)
    return item


@write_router.patch(
    "/{item_id:uuid}",
    response_model=ItemRead,
    responses={
        200: headers("ETag"),
        **problems(ItemNotFoundError, NameTakenError, PreconditionFailedError),
    },
)
async def update_item(
    item_id: UUID,
    data: ItemUpdate,
    items: ItemServiceDep,
    response: Response,
    if_match: IfMatch = None,
) -> Item:
    """Change some fields of an item; with `If-Match`, only the version you have seen."""
    item = await items.update(item_id, data, if_match)
    response.headers["ETag"] = etag(item.version)
    return item


@write_router.delete(
    "/{item_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(ItemNotFoundError, ItemInUseError, PreconditionFailedError),
)
async def delete_item(item_id: UUID, items: ItemServiceDep, if_match: IfMatch = None) -> None:
    """Delete an item that no row refers to."""
    await items.delete(item_id, if_match)

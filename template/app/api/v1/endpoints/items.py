"""/api/v1/items."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from sqlalchemy import Row

from app.api.deps import DatabaseDep, IfMatch, IfNoneMatch, SessionDep
from app.api.http import cache_headers
from app.api.responses import headers, problems
from app.core.etag import etag, not_modified
from app.core.exceptions import PreconditionFailedError
from app.core.pagination import Page
from app.models.item import Item
from app.schemas.item import ItemCreate, ItemQuery, ItemRead, ItemUpdate
from app.services.item import ItemInUseError, ItemNotFoundError, ItemService, NameTakenError
from app.services.item_export import csv_lines, iter_item_batches

# app/api/router.py says who may call each router, and which version of the API has it.
list_router = APIRouter(prefix="/items", tags=["Items"])
read_router = APIRouter(prefix="/items", tags=["Items"])
write_router = APIRouter(prefix="/items", tags=["Items"])


async def get_item_service(request: Request, session: SessionDep) -> ItemService:
    """Make the service for one request."""
    return ItemService(session, request.app.state.cache)


ItemServiceDep = Annotated[ItemService, Depends(get_item_service)]


@list_router.get("")
async def list_items(items: ItemServiceDep, query: Annotated[ItemQuery, Query()]) -> Page[ItemRead]:
    """List items: filtered, sorted and in pages."""
    return Page[ItemRead].of(await items.page(query), query)


@read_router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
        | headers("Content-Disposition")
    },
)
async def export_items(
    database: DatabaseDep, bom: Annotated[bool, Query()] = False
) -> StreamingResponse:
    """Download all items as CSV (RFC 4180), in UTF-8.

    Excel recognizes UTF-8 only by the byte order mark, which `bom=true` adds. Other programs may
    read it as a part of the first column's name.
    """
    lines = csv_lines(ItemRead.model_fields, iter_item_batches(database.reads), bom=bom)
    first = await anext(lines)  # a database that is down is a 503, not a broken download

    async def body() -> AsyncGenerator[str, None]:
        yield first
        async for line in lines:
            yield line

    disposition = 'attachment; filename="items.csv"'
    return StreamingResponse(
        body(), media_type="text/csv", headers={"Content-Disposition": disposition}
    )


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
    item_id: UUID,
    items: ItemServiceDep,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> ItemRead | Response:
    """Read one item. Its `ETag` goes into `If-None-Match` or `If-Match`."""
    found = await items.read(item_id)
    sent = {"ETag": etag(found.value.version), **cache_headers(found.hit)}
    if not_modified(if_none_match, found.value.version):
        return Response(status_code=304, headers=sent)
    response.headers.update(sent)
    return found.value


@write_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ItemRead,
    responses={201: headers("ETag", "Location"), **problems(NameTakenError)},
)
async def create_item(
    data: ItemCreate, items: ItemServiceDep, request: Request, response: Response
) -> Row[Any]:
    """Add an item. Its name must be new."""
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
    """Delete an item that is part of no order."""
    await items.delete(item_id, if_match)

"""/api/v1/items."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from app.api.csv import csv_lines
from app.api.deps import DatabaseDep, IfNoneMatch, ItemServiceDep, PreconditionDep
from app.api.headers import cache_headers
from app.api.openapi import problems
from app.api.openapi_headers import headers
from app.core.etag import etag, not_modified
from app.core.exceptions import PreconditionFailedError
from app.core.pagination import Page
from app.models.item import Item
from app.schemas.item import ItemCreate, ItemQuery, ItemRead, ItemUpdate
from app.services.export import stream_items
from app.services.item import ItemInUseError, ItemNotFoundError, NameTakenError

# Two routers, since who may read is not always who may write: see app/api/router.py.
reading = APIRouter(prefix="/items", tags=["Items"])
writing = APIRouter(prefix="/items", tags=["Items"])


@reading.get("")
async def list_items(items: ItemServiceDep, query: Annotated[ItemQuery, Query()]) -> Page[ItemRead]:
    """List items: filtered, sorted, a page at a time."""
    return Page[ItemRead].of(await items.page(query), query)


@reading.get(
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
    """Download all items as CSV (RFC 4180), however many there are.

    It is in UTF-8. Excel needs `bom=true` to know that; other programs may take the mark that this
    puts at the beginning for a part of the first column's name.
    """
    lines = csv_lines(ItemRead.model_fields, stream_items(database.reads), bom=bom)
    first = await anext(lines)  # a database that is down is a 503, not a broken download

    async def body() -> AsyncGenerator[str, None]:
        yield first
        async for line in lines:
            yield line

    disposition = 'attachment; filename="items.csv"'
    return StreamingResponse(
        body(), media_type="text/csv", headers={"Content-Disposition": disposition}
    )


@reading.get(
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


@writing.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ItemRead,
    responses={201: headers("ETag", "Location"), **problems(NameTakenError)},
)
async def create_item(
    data: ItemCreate, items: ItemServiceDep, request: Request, response: Response
) -> Item:
    """Add an item. Its name must be new."""
    item = await items.create(data)
    response.headers["Location"] = f"{request.url.path}/{item.id}"
    response.headers["ETag"] = etag(item.version)
    return item


@writing.patch(
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
    precondition: PreconditionDep,
    response: Response,
) -> Item:
    """Change some fields of an item; with `If-Match`, only the version you have seen."""
    item = await items.update(item_id, data, precondition)
    response.headers["ETag"] = etag(item.version)
    return item


@writing.delete(
    "/{item_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(ItemNotFoundError, ItemInUseError, PreconditionFailedError),
)
async def delete_item(item_id: UUID, items: ItemServiceDep, precondition: PreconditionDep) -> None:
    """Delete an item that is part of no order."""
    await items.delete(item_id, precondition)

"""/api/v1/items/export: all items as CSV, streamed."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from app.api.deps import DatabaseDep, PrefixRouter
from app.api.responses import headers
from app.core.http import attachment
from app.schemas.item import ItemRead
from app.services.item_export import csv_lines, iter_item_batches

read_router = PrefixRouter(prefix="/items", tags=["Items"])


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

    sent_headers = {"Content-Disposition": attachment("items.csv")}
    return StreamingResponse(body(), media_type="text/csv", headers=sent_headers)

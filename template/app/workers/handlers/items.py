"""Jobs about items."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from pydantic import StrictBool

from app.core.config import Settings
from app.core.job import job
from app.repositories.item import ItemRepository
from app.schemas.base import Input
from app.schemas.item import ItemRead
from app.services.item_export import csv_lines, iter_item_batches
from app.workers.runner import JobContext


class ItemsExport(Input):
    """Options of the file."""

    # A byte order mark, by which Excel recognises UTF-8.
    bom: StrictBool = False


@job("items.export", ItemsExport)
async def export_items(context: JobContext, wanted: ItemsExport) -> dict[str, Any]:
    """Write all items to a CSV file, to be downloaded from `GET /jobs/{id}/result`."""
    async with context.database.reads() as session:
        total = await ItemRepository(session).count()
    rows = 0

    async def counted() -> AsyncGenerator[Sequence[Any], None]:
        nonlocal rows
        async for batch in iter_item_batches(context.database.reads):
            yield batch
            rows += len(batch)
            context.progress(rows, total)

    async for lines in csv_lines(ItemRead.model_fields, counted(), bom=wanted.bom):
        await context.write(lines)
    return {
        "filename": "items.csv",
        "content_type": "text/csv",
        "rows": rows,
        "href": f"{Settings.load().root_path}/api/v1/jobs/{context.job.id}/result",
    }

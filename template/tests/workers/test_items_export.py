"""The job that writes all items to a file."""

from codecs import BOM_UTF8
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.workers.runner import JobRunner
from tests.factories import make_item

JOBS = "/api/v1/jobs"


@pytest.mark.parametrize(("payload", "mark"), [({}, b""), ({"bom": True}, BOM_UTF8)])
async def test_excel_can_have_its_mark(
    client: AsyncClient,
    session: AsyncSession,
    runner: JobRunner,
    payload: dict[str, bool],
    mark: bytes,
) -> None:
    await make_item(session, name="Früchtetee ☕")
    asked = await client.post(JOBS, json={"type": "items.export", "payload": payload})
    job = asked.json()["id"]

    await runner.run(UUID(job))

    content = (await client.get(f"{JOBS}/{job}/result")).content
    assert content.startswith(mark + b"id,name,")
    assert "Früchtetee ☕".encode() in content

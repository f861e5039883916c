"""`Idempotency-Key`: the same request sent twice adds one job."""

import asyncio
from uuid import UUID

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import Job
from tests.jobs.factories import CREATE, JOBS, count
from tests.problems import assert_problem


async def test_fifty_equal_requests_with_one_key_make_one_job(
    client: AsyncClient, session: AsyncSession
) -> None:
    key = {"Idempotency-Key": "request 7"}

    responses = await asyncio.gather(
        *(client.post(JOBS, json=CREATE, headers=key) for _ in range(50))
    )

    assert {response.status_code for response in responses} == {202}
    assert len({response.json()["id"] for response in responses}) == 1
    assert await count(session) == 1


async def test_a_key_belongs_to_one_body(client: AsyncClient, session: AsyncSession) -> None:
    key = {"Idempotency-Key": "request 7"}
    first = (await client.post(JOBS, json=CREATE, headers=key)).json()
    row = await session.get(Job, UUID(first["id"]))
    assert row is not None
    row.body_hash = "of another body"
    await session.commit()

    other = await client.post(JOBS, json=CREATE, headers=key)

    assert_problem(other, 422, "validation_error")
    assert await count(session) == 1


async def test_another_key_makes_another_job(client: AsyncClient, session: AsyncSession) -> None:
    for key in ("one", "two"):
        await client.post(JOBS, json=CREATE, headers={"Idempotency-Key": key})
    await client.post(JOBS, json=CREATE)
    await client.post(JOBS, json=CREATE)

    assert await count(session) == 4

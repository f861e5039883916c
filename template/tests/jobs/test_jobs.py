"""/api/v1/jobs: adding, reading and cancelling jobs. They are run in tests/workers/."""

from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import Job
from tests.jobs.factories import CREATE, ENDED, JOBS, count, make_job
from tests.jobs.report_job import REPORT
from tests.problems import assert_problem

FIELDS = {
    "id",
    "type",
    "status",
    "progress",
    "attempts",
    "result",
    "error",
    "owner_id",
    "created_at",
    "started_at",
    "finished_at",
}


async def test_a_job_is_accepted_and_can_be_read(client: AsyncClient) -> None:
    accepted = await client.post(JOBS, json={"type": REPORT})

    job = accepted.json()
    assert (accepted.status_code, accepted.headers["cache-control"]) == (202, "no-store")
    assert job.keys() == FIELDS
    assert (job["status"], job["progress"], job["attempts"], job["result"]) == (
        "queued",
        0,
        0,
        None,
    )
    assert accepted.headers["location"] == f"{JOBS}/{job['id']}"
    read = await client.get(accepted.headers["location"])
    assert (read.json(), read.headers["cache-control"]) == (job, "no-store")


async def test_the_job_keeps_the_id_of_its_request(
    client: AsyncClient, session: AsyncSession
) -> None:
    accepted = await client.post(JOBS, json=CREATE, headers={"X-Request-ID": "sent-by-client"})

    job = await session.get(Job, UUID(accepted.json()["id"]))

    assert job is not None
    assert job.request_id == "sent-by-client"


@pytest.mark.parametrize(
    "body",
    [
        {"type": "no.such"},
        {"type": "mail.send", "payload": {"to": "a@example.com", "template": "welcome"}},
        {"type": REPORT, "payload": {"unknown": 1}},
        {"type": REPORT, "payload": None},
        {"type": REPORT, "extra": 1},
        {},
    ],
)
async def test_an_unknown_type_or_invalid_payload_is_not_accepted(
    body: object, client: AsyncClient, session: AsyncSession
) -> None:
    problem = assert_problem(await client.post(JOBS, json=body), 422, "validation_error")

    assert problem["errors"]
    assert await count(session) == 0


async def test_a_job_that_does_not_exist_is_not_found(client: AsyncClient) -> None:
    unknown = f"{JOBS}/01890000-0000-7000-8000-000000000000"

    for response in (
        await client.get(unknown),
        await client.get(f"{unknown}/result"),
        await client.post(f"{unknown}/cancel"),
    ):
        assert_problem(response, 404, "not_found")


async def test_jobs_are_listed_newest_first_and_filtered(
    client: AsyncClient, session: AsyncSession
) -> None:
    first, second = await make_job(session), await make_job(session, status="failed", **ENDED)

    listed = (await client.get(JOBS)).json()
    failed = (await client.get(JOBS, params={"status": "failed"})).json()
    none = (await client.get(JOBS, params={"q": "no_such"})).json()

    assert [job["id"] for job in listed["items"]] == [str(second.id), str(first.id)]
    assert [job["id"] for job in failed["items"]] == [str(second.id)]
    assert none["total"] == 0


async def test_a_queued_job_is_cancelled_at_once(
    client: AsyncClient, session: AsyncSession
) -> None:
    job = await make_job(session)

    cancelled = await client.post(f"{JOBS}/{job.id}/cancel")

    await session.refresh(job)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["finished_at"] is not None
    assert job.due_at is None


async def test_a_running_job_is_asked_to_stop(client: AsyncClient, session: AsyncSession) -> None:
    job = await make_job(session, status="running", attempts=1)

    response = await client.post(f"{JOBS}/{job.id}/cancel")

    await session.refresh(job)
    assert (response.status_code, response.json()["status"]) == (200, "running")
    assert job.cancel_requested


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
async def test_a_job_that_has_ended_is_not_cancelled(
    status: str, client: AsyncClient, session: AsyncSession
) -> None:
    job = await make_job(session, status=status, **ENDED)

    response = await client.post(f"{JOBS}/{job.id}/cancel")

    assert_problem(response, 409, "job_not_cancellable")

"""GET /api/v1/jobs/{id}/result: the file that a job has written."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import MakeClient
from tests.jobs.factories import ENDED, JOBS, make_job
from tests.problems import assert_problem


async def test_the_file_is_downloaded_in_chunks(client: AsyncClient, session: AsyncSession) -> None:
    job = await make_job(session, file=["name\r\n", "Tea\r\n", "Coffee\r\n"])

    response = await client.get(f"{JOBS}/{job.id}/result")

    assert (response.status_code, response.text) == (200, "name\r\nTea\r\nCoffee\r\n")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="report.csv"'
    assert response.headers["cache-control"] == "no-store"


async def test_a_download_needs_one_connection(
    make_client: MakeClient, session: AsyncSession
) -> None:
    job = await make_job(session, file=["name\r\n", "Tea\r\n"])
    client = await make_client(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="0.2")

    response = await client.get(f"{JOBS}/{job.id}/result")

    assert (response.status_code, response.text) == (200, "name\r\nTea\r\n")


@pytest.mark.parametrize("result", [{"rows": 1}, None])
async def test_a_file_whose_job_names_neither_name_nor_type_is_plain_text(
    result: dict[str, Any] | None, client: AsyncClient, session: AsyncSession
) -> None:
    job = await make_job(session, file=["Tea\n"], result=result)

    response = await client.get(f"{JOBS}/{job.id}/result")

    assert (response.status_code, response.text) == (200, "Tea\n")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="result.txt"'


async def test_a_file_may_have_any_name(client: AsyncClient, session: AsyncSession) -> None:
    job = await make_job(session, file=["Tee"], result={"filename": 'März "1" – Bericht.csv'})

    response = await client.get(f"{JOBS}/{job.id}/result")

    assert response.status_code == 200
    assert response.headers["content-disposition"] == (
        'attachment; filename="M_rz _1_ _ Bericht.csv"; '
        "filename*=UTF-8''M%C3%A4rz%20%221%22%20%E2%80%93%20Bericht.csv"
    )


async def test_a_job_without_a_file_has_no_result_to_download(
    client: AsyncClient, session: AsyncSession
) -> None:
    waiting = await make_job(session)
    mailed = await make_job(session, status="succeeded", **ENDED)

    for job in (waiting, mailed):
        assert_problem(await client.get(f"{JOBS}/{job.id}/result"), 404, "not_found")

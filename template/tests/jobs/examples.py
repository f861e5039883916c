"""Valid requests of the operations on jobs."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example
from tests.jobs.factories import CREATE, make_job


async def report(_: AsyncClient, __: AsyncSession) -> Call:
    """A report."""
    return Call(json=CREATE)


async def everything(_: AsyncClient, session: AsyncSession) -> Call:
    """A list that is not empty."""
    await make_job(session)
    return Call()


async def waiting_job(_: AsyncClient, session: AsyncSession) -> Call:
    """A queued job."""
    return Call(path={"job_id": (await make_job(session)).id})


async def finished_report(_: AsyncClient, session: AsyncSession) -> Call:
    """A job that has written a file."""
    return Call(path={"job_id": (await make_job(session, file=["name\r\n", "Tea\r\n"])).id})


EXAMPLES: dict[str, Example] = {
    "create_job": report,
    "list_jobs": everything,
    "get_job": waiting_job,
    "cancel_job": waiting_job,
    "get_job_result": finished_report,
}

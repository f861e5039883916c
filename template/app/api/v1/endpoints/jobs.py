"""/api/v1/jobs: background jobs, which the workers run."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Response, status
from fastapi.responses import StreamingResponse

from app.api.deps import DatabaseDep, PrefixRouter, SessionDep
from app.api.responses import headers, location, no_store, problems
from app.core.http import attachment
from app.core.state import Request
from app.models.job import Job
from app.schemas.job import JobCreate, JobQuery, JobRead
from app.schemas.pagination import Page
from app.services.job import (
    IdempotencyKeyReusedError,
    JobNotCancellableError,
    JobNotFoundError,
    JobScope,
    JobService,
    JobWithoutFileError,
    read_file,
)

router = PrefixRouter(prefix="/jobs", tags=["Jobs"], dependencies=[Depends(no_store)])


async def get_job_service(session: SessionDep, request: Request) -> JobService:
    """Make the service for one request. In a service without users all jobs are visible to all."""
    caller = getattr(request.state, "caller", None)
    scope = JobScope(caller.user.id, caller.is_superuser) if caller else JobScope()
    state = request.app.state
    return JobService(session, state.job_queue, scope, state.events)


JobServiceDep = Annotated[JobService, Depends(get_job_service)]
KeyDep = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="Any unique text: the same request sent again adds no second job",
        examples=["export-of-2030-01-31"],
    ),
]


@router.get("")
async def list_jobs(jobs: JobServiceDep, query: Annotated[JobQuery, Query()]) -> Page[JobRead]:
    """List your jobs; all jobs, as a superuser."""
    return Page[JobRead].of(await jobs.page(query), query)


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=JobRead,
    responses={202: headers("Location"), **problems(IdempotencyKeyReusedError)},
)
async def create_job(
    data: JobCreate,
    jobs: JobServiceDep,
    request: Request,
    response: Response,
    key: KeyDep = None,
) -> Job:
    """Add a job. Once this is answered it will be run, whatever fails in between."""
    job = await jobs.create(data, key)
    response.headers["Location"] = location(request, f"/api/v1/jobs/{job.id}")
    return job


@router.get("/{job_id:uuid}", response_model=JobRead, responses=problems(JobNotFoundError))
async def get_job(job_id: UUID, jobs: JobServiceDep) -> Job:
    """Get a job with its status and progress."""
    return await jobs.get(job_id)


@router.get(
    "/{job_id:uuid}/result",
    response_class=StreamingResponse,
    responses={
        **problems(JobNotFoundError, JobWithoutFileError),
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
        | headers("Content-Disposition"),
    },
)
async def get_job_result(
    job_id: UUID, jobs: JobServiceDep, database: DatabaseDep
) -> StreamingResponse:
    """Download the file that a job has written."""
    job = await jobs.get(job_id)
    await jobs.session.close()  # gives the connection back: each chunk takes one
    chunks = read_file(database.reads, job)
    first = await anext(chunks, None) if job.status == "succeeded" else None
    if first is None:
        raise JobWithoutFileError

    async def body() -> AsyncGenerator[str, None]:
        yield first
        async for chunk in chunks:
            yield chunk

    result = {"filename": "result.txt", "content_type": "text/plain", **(job.result or {})}
    disposition = attachment(str(result["filename"]))
    sent_headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return StreamingResponse(body(), media_type=result["content_type"], headers=sent_headers)


@router.post(
    "/{job_id:uuid}/cancel",
    response_model=JobRead,
    responses=problems(JobNotFoundError, JobNotCancellableError),
)
async def cancel_job(job_id: UUID, jobs: JobServiceDep) -> Job:
    """Cancel a job: a queued one at once, a running one soon."""
    return await jobs.cancel(job_id)

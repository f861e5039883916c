"""GET /metrics."""

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app.observability.metrics.definitions import render
from app.observability.metrics.multiprocess import supervisor_pid
from app.observability.metrics.sampler import GaugeSampler, process_metrics
from app.observability.metrics.settings import unauthorized

PATH = "/metrics"

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def get_metrics(request: Request) -> Response:
    """Return all metrics in Prometheus' text format."""
    sampler: GaugeSampler = request.app.state.metrics
    authorization = request.headers.get("authorization", "")
    if not sampler.settings.admits(authorization):
        raise unauthorized(authorization)
    request.state.quiet = True  # scrapes would fill the access log
    sampler.sample()
    collected = [family for collect in sampler.collectors for family in await collect()]
    # Reading the processes and the files of all processes blocks.
    text = await anyio.to_thread.run_sync(
        lambda: render([*process_metrics(supervisor_pid()), *collected])
    )
    headers = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
    return Response(text, headers=headers)

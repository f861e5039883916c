"""GET /metrics."""

from collections.abc import Iterator

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric

from app.observability.metrics import series
from app.observability.metrics.folder import supervisor
from app.observability.metrics.processes import usage
from app.observability.metrics.settings import unauthorized

PATH = "/metrics"

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def get_metrics(request: Request) -> Response:
    """Write every series, in Prometheus' text format."""
    state = request.app.state
    authorization = request.headers.get("authorization", "")
    if not state.metrics.settings.admits(authorization):
        raise unauthorized(authorization)
    request.state.quiet = True  # several times a minute, for ever
    state.metrics.sample()
    surveyed = [family for survey in state.metrics.surveys for family in await survey()]

    def families() -> Iterator[Metric]:
        yield from usage(supervisor())
        yield from surveyed

    text = await anyio.to_thread.run_sync(lambda: series.expose(families()))
    headers = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
    return Response(text, headers=headers)

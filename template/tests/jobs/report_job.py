"""A type of job that the API accepts, and that writes a file."""

from typing import Any

from app.core.config import Settings
from app.core.job import job
from app.schemas.base import Input
from app.workers.runner import JobContext

REPORT = "test.report"
LINES = ["name\r\n", "Green tea\r\n"]


class Report(Input):
    """Options of the report: none."""


@job(REPORT, Report)
async def make_report(context: JobContext, _: Report) -> dict[str, Any]:
    """Write a CSV file, to be downloaded from `GET /jobs/{id}/result`."""
    for number, line in enumerate(LINES, start=1):
        await context.write(line)
        context.progress(number, len(LINES))
    return {
        "filename": "report.csv",
        "content_type": "text/csv",
        "rows": len(LINES) - 1,
        "href": f"{Settings.load().root_path}/api/v1/jobs/{context.job.id}/result",
    }

"""A plugin for all tests: to them, there is a worker."""

from pathlib import Path

import pytest

from app.db.session import Database
from app.repositories.job_queue import JobQueueRepository


@pytest.fixture
async def sign_of_life(database: Database) -> None:
    """Let /health/ready believe that a worker runs."""
    async with database.transactions.begin() as session:
        await JobQueueRepository(session).sign()


@pytest.fixture(autouse=True)
def a_worker_runs(request: pytest.FixtureRequest) -> None:
    """Leave a sign for the tests that use the database, but for those of the workers."""
    if "database" in request.fixturenames and request.path.parent != Path(__file__).parent:
        request.getfixturevalue("sign_of_life")

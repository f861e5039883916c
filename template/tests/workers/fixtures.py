"""A plugin for all tests: /health/ready finds a heartbeat of a worker."""

from pathlib import Path

import pytest

from app.db.session import Database
from app.repositories.job import JobRepository


@pytest.fixture
async def worker_heartbeat(database: Database) -> None:
    """Store a heartbeat, as a running worker does."""
    async with database.transactions.begin() as session:
        await JobRepository(session).heartbeat()


@pytest.fixture(autouse=True)
def live_worker(request: pytest.FixtureRequest) -> None:
    """Store a heartbeat for all tests with the database, except for those of the workers."""
    if "database" in request.fixturenames and request.path.parent != Path(__file__).parent:
        request.getfixturevalue("worker_heartbeat")

"""A custom metric, added as docs/extending.md describes."""

from collections.abc import Iterator
from functools import partial

import pytest
from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.metrics import (
    UnknownMetricError,
    increment,
    increment_after_commit,
    observe,
)
from app.observability.metrics import definitions
from tests.metrics.scrape import scrape


@pytest.fixture
def tea() -> Iterator[None]:
    """Two metrics, for one test."""
    added = [
        definitions.counter("tea_brewed_total", "Pots of tea brewed", "kind"),
        definitions.histogram("tea_minutes", "Time that the tea drew", buckets=(1, 3, 5)),
    ]
    yield
    for each in added:
        definitions.REGISTRY.unregister(each)
    del definitions.RECORDED["tea_brewed"], definitions.RECORDED["tea_minutes"]


@pytest.mark.usefixtures("tea")
async def test_it_is_recorded_at_once_and_after_a_commit(
    client: AsyncClient, session: AsyncSession
) -> None:
    increment("tea_brewed", kind="green")
    increment("tea_brewed", 2, kind="black")
    observe("tea_minutes", 4)
    increment_after_commit(session, "tea_brewed", kind="green")
    before = (await scrape(client)).value("tea_brewed_total", kind="green")
    await session.execute(text("SELECT 1"))
    await session.commit()

    found = await scrape(client)
    assert found.value("tea_brewed_total", kind="black") == 2
    assert (before, found.value("tea_brewed_total", kind="green")) == (1, 2)
    assert found.value("tea_minutes_sum") == 4


@pytest.mark.parametrize("name", ["kettles", "users_registered_total", "Kettles", ""])
async def test_an_unknown_name_is_an_error(
    client: AsyncClient, session: AsyncSession, name: str
) -> None:
    for record in (increment, observe, partial(increment_after_commit, session)):
        with pytest.raises(UnknownMetricError, match=f"no metric is called {name}"):
            record(name)

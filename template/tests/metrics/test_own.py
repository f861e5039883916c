"""A custom metric, added as docs/metrics.md describes."""

from collections.abc import Iterator

import pytest
from httpx2 import AsyncClient

from app.core.counts import UnknownMetricError, count, counting
from app.observability.metrics import series
from tests.metrics.scrape import scrape


@pytest.fixture
def tea() -> Iterator[None]:
    """Two series, for as long as the test takes."""
    added = [
        series.counter("tea_brewed_total", "Pots of tea brewed", "kind"),
        series.histogram("tea_minutes", "Time that the tea drew", buckets=(1, 3, 5)),
    ]
    yield
    for each in added:
        series.REGISTRY.unregister(each)
    del series.COUNTED["tea_brewed"], series.COUNTED["tea_minutes"]


@pytest.mark.usefixtures("tea")
async def test_it_counts_at_once_and_when_an_action_runs(client: AsyncClient) -> None:
    count("tea_brewed", kind="green")
    count("tea_brewed", 2, kind="black")
    count("tea_minutes", 4)
    await counting("tea_brewed", kind="green")()

    found = await scrape(client)
    assert found.value("tea_brewed_total", kind="black") == 2
    assert found.value("tea_brewed_total", kind="green") == 2
    assert found.value("tea_minutes_sum") == 4


@pytest.mark.parametrize("name", ["kettles", "users_registered_total", "Orders", ""])
def test_a_name_that_no_series_has_is_an_error(client: AsyncClient, name: str) -> None:
    for act in (count, counting):
        with pytest.raises(UnknownMetricError, match=f"no series is called {name}"):
            act(name)

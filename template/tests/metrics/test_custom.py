"""A custom metric, added as docs/extending.md describes."""

from functools import partial

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from prometheus_client import CollectorRegistry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import metrics
from app.core.metrics import Counter, Histogram
from app.observability.metrics import definitions
from tests.metrics.scrape import scrape


@pytest.fixture(autouse=True)
def registry(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of its own for what a test declares, while the app runs."""
    monkeypatch.setattr(definitions, "REGISTRY", CollectorRegistry())
    monkeypatch.setattr(metrics, "METRICS", [])


async def test_it_is_recorded_at_once_and_after_a_commit(
    client: AsyncClient, session: AsyncSession
) -> None:
    brewed = Counter("tea_brewed_total", "Pots of tea brewed", kind=())
    minutes = Histogram("tea_minutes", "Time that the tea drew", buckets=(1, 3, 5))
    brewed.inc(kind="green")
    brewed.inc(2, kind="black")
    minutes.observe(4)
    brewed.inc_after_commit(session, kind="green")
    before = (await scrape(client)).value("tea_brewed_total", kind="green")
    await session.execute(text("SELECT 1"))
    await session.commit()

    found = await scrape(client)
    assert found.value("tea_brewed_total", kind="black") == 2
    assert (before, found.value("tea_brewed_total", kind="green")) == (1, 2)
    assert found.value("tea_minutes_sum") == 4
    buckets = [found.value("tea_minutes_bucket", le=le) for le in ("1.0", "3.0", "5.0", "+Inf")]
    assert buckets == [0, 0, 1, 1]


@pytest.mark.parametrize("labels", [{}, {"kinds": "green"}, {"kind": "green", "size": "big"}])
async def test_wrong_labels_are_an_error(labels: dict[str, str], session: AsyncSession) -> None:
    pots = Counter("pots_total", "Pots of tea", kind=("green",))
    minutes = Histogram("minutes", "Time that the tea drew", kind=("green",))

    for record in (pots.inc, partial(pots.inc_after_commit, session), partial(minutes.observe, 4)):
        with pytest.raises(ValueError, match="label"):
            record(**labels)


async def test_known_values_of_labels_exist_from_the_start(client: AsyncClient) -> None:
    Counter("cups_total", "Cups of tea", kind=("green", "black"), size=("big", "small"))
    Counter("spoons_total", "Spoons of sugar", kind=("white", "brown"), user=())

    found = await scrape(client)
    samples = {labels: v for (name, labels), v in found.items() if name == "cups_total"}
    assert len(samples) == 4
    assert set(samples.values()) == {0}
    assert "spoons_total" not in found.names()

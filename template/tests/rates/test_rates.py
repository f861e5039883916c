"""GET /api/v1/rates and /api/v1/rates/batch."""

import asyncio

import pytest
from httpx2 import AsyncClient

from app.core.settings import SettingsError
from tests.conftest import MakeClient
from tests.http_client.upstream import Answer, Asked, Upstream
from tests.problems import assert_problem
from tests.rates.source import rates

RATES = "/api/v1/rates"
BATCH = "/api/v1/rates/batch"


async def test_rates_are_read_from_their_source(client: AsyncClient, upstream: Upstream) -> None:
    response = await client.get(RATES, params={"base": "GBP"})

    assert response.status_code == 200
    assert response.json() == {
        "base": "GBP",
        "date": "2026-02-27",
        "rates": {"USD": "1.0842", "JPY": "163"},
    }
    assert [(asked.path, asked.query) for asked in upstream.asked] == [
        ("/latest", {"base": ["GBP"]})
    ]


async def test_the_query_of_the_source_url_is_kept(
    make_client: MakeClient, upstream: Upstream
) -> None:
    client = await make_client(RATES_URL=f"{upstream.url}?key=ours&base=USD")

    response = await client.get(RATES, params={"base": "EUR"})

    assert response.status_code == 200
    assert upstream.asked[0].query == {"key": ["ours"], "base": ["EUR"]}


async def test_a_rate_is_exact_and_has_no_exponent(client: AsyncClient, upstream: Upstream) -> None:
    upstream.script = lambda asked: rates(
        asked, date=None, rates={"AAA": 1.5e-7, "BBB": 1e7, "CCC": "0.10"}
    )

    response = await client.get(RATES, params={"base": "EUR"})

    found = response.json()
    assert (found["date"], found["rates"]["AAA"]) == (None, "0.00000015")
    assert (float(found["rates"]["BBB"]), found["rates"]["CCC"]) == (1e7, "0.10")


@pytest.mark.parametrize("base", ["", "eur", "EURO", "E1R", "EU", "EUR\n", "ÄÖÜ", "../"])
@pytest.mark.parametrize("path", [RATES, BATCH])
async def test_an_invalid_currency_is_rejected(
    client: AsyncClient, upstream: Upstream, path: str, base: str
) -> None:
    response = await client.get(path, params={"base": base})

    assert_problem(response, 422, "validation_error")
    assert upstream.asked == []


async def test_a_batch_is_requested_concurrently(client: AsyncClient, upstream: Upstream) -> None:
    together = asyncio.Event()
    loop = asyncio.get_running_loop()

    def script(asked: Asked) -> Answer:
        if upstream.active == 3:
            upstream.over.set()
            loop.call_soon_threadsafe(together.set)
        return Answer(body=rates(asked).body, wait=5)

    upstream.script = script
    response = await client.get(BATCH, params={"base": ["EUR", "USD", "GBP", "EUR"]})

    assert together.is_set()
    results = response.json()["results"]
    assert [result["base"] for result in results] == ["EUR", "USD", "GBP"]
    assert all(result["rates"]["USD"] and result["error"] is None for result in results)


@pytest.mark.parametrize("bases", [[], ["EUR"] * 11, ["EUR", "usd"]])
async def test_a_batch_is_from_one_to_ten(
    client: AsyncClient, upstream: Upstream, bases: list[str]
) -> None:
    response = await client.get(BATCH, params={"base": bases})

    assert_problem(response, 422, "validation_error")
    assert upstream.asked == []


@pytest.mark.parametrize("path", [RATES, BATCH])
async def test_without_a_source_there_are_no_rates(make_client: MakeClient, path: str) -> None:
    client = await make_client(RATES_URL="")

    response = await client.get(path, params={"base": "EUR"})

    assert_problem(response, 503, "dependency_unavailable")
    assert "retry-after" not in response.headers


async def test_a_wrong_url_stops_the_start(make_client: MakeClient) -> None:
    with pytest.raises(SettingsError, match=r"^RATES_URL: ") as refused:
        await make_client(RATES_URL="ftp://hunter2.example")

    assert "hunter2" not in str(refused.value)

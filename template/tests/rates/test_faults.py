"""Errors of the source become 502 or 504, without its text."""

import asyncio
import json

import pytest
from httpx2 import AsyncClient

from tests.conftest import MakeClient
from tests.http_client.upstream import Answer, Asked, Upstream, serving
from tests.problems import assert_problem
from tests.rates.source import base_of, rates

RATES = "/api/v1/rates?base=EUR"
BATCH = "/api/v1/rates/batch?base=EUR&base=USD"
SECRET = "stack trace of theirs"
QUICK = {"HTTP_CLIENT_RETRY_SECONDS": "0.01"}
BAD: dict[str, Answer] = {
    "crash": Answer(500, SECRET.encode()),
    "no rates": Answer(body=json.dumps({"base": "EUR", "error": SECRET}).encode()),
    "no number": Answer(body=b'{"rates": {"USD": NaN}}'),
    "no price": Answer(body=b'{"rates": {"USD": -1}}'),
    "infinite": Answer(body=b'{"rates": {"USD": 1e400}}'),
    "another base": Answer(body=b'{"base": "USD", "rates": {"EUR": 0.9}}'),
}


@pytest.fixture
async def hasty(make_client: MakeClient, upstream: Upstream) -> AsyncClient:
    """A client of an app with short timeouts."""
    return await make_client(
        **QUICK,
        HTTP_CLIENT_READ_TIMEOUT="0.3",
        HTTP_CLIENT_TOTAL_TIMEOUT="60",
    )


@pytest.mark.parametrize("answer", [pytest.param(bad, id=name) for name, bad in BAD.items()])
async def test_an_invalid_answer_is_a_502_without_its_text(
    hasty: AsyncClient, upstream: Upstream, answer: Answer
) -> None:
    upstream.script = lambda _: answer

    response = await hasty.get(RATES)

    assert_problem(response, 502, "upstream_error")
    assert SECRET not in response.text


async def test_a_closed_port_is_a_502(make_client: MakeClient) -> None:
    with serving() as closed:
        pass
    client = await make_client(**QUICK, RATES_URL=closed.url)

    assert_problem(await client.get(RATES), 502, "upstream_error")
    assert_problem(await client.get(BATCH), 502, "upstream_error")


async def test_one_failure_does_not_fail_the_batch(hasty: AsyncClient, upstream: Upstream) -> None:
    def script(asked: Asked) -> Answer:
        bad = {"USD": BAD["crash"], "GBP": Answer(wait=30)}
        return bad.get(base_of(asked)) or rates(asked)

    upstream.script = script

    response = await hasty.get(f"{BATCH}&base=GBP")

    euro, dollar, pound = response.json()["results"]
    assert (euro["base"], euro["rates"]["USD"], euro["error"]) == ("EUR", "1.0842", None)
    assert (dollar["base"], dollar["rates"]) == ("USD", None)
    assert (dollar["error"]["code"], pound["error"]["code"]) == (
        "upstream_error",
        "upstream_timeout",
    )
    assert SECRET not in response.text


async def test_slow_calls_hold_no_database_connection(
    make_client: MakeClient, upstream: Upstream
) -> None:
    client = await make_client(
        DB_POOL_SIZE="1",
        DB_MAX_OVERFLOW="0",
        HTTP_CLIENT_READ_TIMEOUT="60",
        HTTP_CLIENT_TOTAL_TIMEOUT="60",
    )
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()

    def script(asked: Asked) -> Answer:
        loop.call_soon_threadsafe(arrived.set)
        return Answer(body=rates(asked).body, wait=30)

    upstream.script = script
    slow = asyncio.create_task(client.get(RATES))
    await asyncio.wait_for(arrived.wait(), 10)

    assert (await client.get("/api/v1/items")).status_code == 200
    assert not slow.done()
    upstream.over.set()
    assert (await slow).status_code == 200

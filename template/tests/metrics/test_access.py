"""Access to the metrics."""

import pytest
from httpx2 import AsyncClient

from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

TOKEN = "a-long-token-for-scrapers"


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (None, "Bearer"),
        ("Bearer nonsense", 'Bearer error="invalid_token"'),
        (f"Basic {TOKEN}", "Bearer"),
        ("Bearer é", 'Bearer error="invalid_token"'),
        (f"Bearer {TOKEN}", None),
        (f"bearer {TOKEN}", None),
        (TOKEN, "Bearer"),
    ],
)
async def test_they_require_the_token(
    make_app: MakeApp, header: str | None, challenge: str | None
) -> None:
    app = await make_app(METRICS_TOKEN=TOKEN)
    headers = {b"Authorization": header.encode()} if header else {}

    async with connect(app) as client:
        response = await client.get("/metrics", headers=headers)

    assert response.headers.get("www-authenticate") == challenge
    if challenge:
        assert_problem(response, 401, "not_authenticated")
    else:
        assert response.status_code == 200


async def test_without_a_token_they_are_closed_in_production(
    make_app: MakeApp, capfd: pytest.CaptureFixture[str]
) -> None:
    app = await make_app(ENVIRONMENT="production")

    async with connect(app) as client:
        response = await client.get("/metrics", headers={"Authorization": "Bearer "})

    assert_problem(response, 401, "not_authenticated")
    assert "metrics_closed" in capfd.readouterr().out


async def test_they_are_text_and_not_cached(anonymous: AsyncClient) -> None:
    response = await anonymous.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert response.headers["cache-control"] == "no-store"


async def test_scrapes_are_not_in_the_access_log(
    make_app: MakeApp, capfd: pytest.CaptureFixture[str]
) -> None:
    app = await make_app(METRICS_TOKEN=TOKEN)

    async with connect(app) as client:
        await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        read = capfd.readouterr().out
        await client.get("/metrics")

    assert '"path": "/metrics"' not in read
    assert '"path": "/metrics"' in capfd.readouterr().out  # a rejected one

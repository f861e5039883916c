"""Rates for single routes."""

import json

import pytest
from fastapi import FastAPI
from limits import parse

from app.core.settings import SettingsError
from app.rate_limit.middleware import RateLimitSettings, Rules
from tests.blueprint.factories import SPECIMENS
from tests.clients import connect
from tests.conftest import MakeApp

SPECIMEN = f"{SPECIMENS}/00000000-0000-0000-0000-000000000000"


async def policy(app: FastAPI, method: str, path: str) -> str:
    """The policy in an answer's headers."""
    async with connect(app) as client:
        return (await client.request(method, path)).headers["ratelimit-policy"]


def test_a_rule_may_name_a_websocket() -> None:
    app = FastAPI()
    app.add_api_websocket_route("/rooms/{room}", lambda: None)
    settings = RateLimitSettings(rate_limit_routes={("GET", "/rooms/{name}"): parse("2/hour")})

    rule = Rules(settings, app).find({"type": "websocket", "path": "/rooms/tea"})

    assert rule is not None
    assert rule.name == "GET /rooms/{name}"


async def test_a_route_has_its_own_rate(make_app: MakeApp) -> None:
    app = await make_app(RATE_LIMIT_ROUTES=json.dumps({f"POST {SPECIMENS}": "2/hour"}))

    async with connect(app) as client:
        statuses = [(await client.post(SPECIMENS)).status_code == 429 for _ in range(3)]
        reading = await client.get(SPECIMENS)

    assert statuses == [False, False, True]
    assert reading.headers["ratelimit"].startswith('"default";r=299;')
    assert await policy(app, "POST", SPECIMENS) == f'"POST {SPECIMENS}";q=2;w=3600'


@pytest.mark.parametrize("path", [f"{SPECIMENS}/{{specimen_id}}", f"{SPECIMENS}/{{id}}"])
async def test_a_rule_applies_to_its_route_alone(make_app: MakeApp, path: str) -> None:
    app = await make_app(RATE_LIMIT_ROUTES=f" get {path} = 7/minute , GET {SPECIMENS}=8/minute")

    assert "q=7;" in await policy(app, "GET", SPECIMEN)
    assert "q=8;" in await policy(app, "GET", SPECIMENS)
    assert "q=8;" in await policy(app, "HEAD", SPECIMENS)
    for method, other in (("DELETE", SPECIMEN), ("POST", SPECIMENS), ("GET", f"{SPECIMEN}/x")):
        assert "q=300;" in await policy(app, method, other)


async def test_all_paths_of_a_route_share_a_window(make_app: MakeApp) -> None:
    app = await make_app(RATE_LIMIT_ROUTES=f"GET {SPECIMENS}/{{specimen_id}}=2/minute")

    async with connect(app) as client:
        answers = [await client.get(f"{SPECIMEN[:-1]}{number}") for number in range(3)]

    assert [answer.status_code == 429 for answer in answers] == [False, False, True]


@pytest.mark.parametrize(
    "rules",
    [
        "often",
        f"POST {SPECIMENS}",
        f"{SPECIMENS}=5/minute",
        f"POST {SPECIMENS}=often",
        f"POST {SPECIMENS}=0/minute",
        f'{{"POST {SPECIMENS}": 5}}',
        f'{{"POST {SPECIMENS}": "5/minute"',
        '["5/minute"]',
        "POST /api/v1/nothing=5/minute",
        f"PUT {SPECIMENS}=5/minute",
    ],
)
async def test_invalid_rules_stop_the_start(make_app: MakeApp, rules: str) -> None:
    with pytest.raises(SettingsError, match=r"^RATE_LIMIT_ROUTES: "):
        await make_app(RATE_LIMIT_ROUTES=rules)


async def test_an_invalid_default_stops_the_start(make_app: MakeApp) -> None:
    with pytest.raises(SettingsError, match=r"^RATE_LIMIT_DEFAULT: is not a rate"):
        await make_app(RATE_LIMIT_DEFAULT="300")

"""The rate limit of logins is shared as well."""

from importlib.util import find_spec

import pytest

from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

LOGIN = "/api/v1/auth/login"
FORM = {"username": "unknown@example.com", "password": "some long wrong password"}
pytestmark = [
    pytest.mark.skipif(find_spec("app.auth") is None, reason="a service without users"),
    pytest.mark.usefixtures("generous_timeouts"),
]


async def test_two_apps_share_the_login_limit(make_app: MakeApp) -> None:
    answers = []
    one, other = await make_app(), await make_app()
    async with connect(one) as first, connect(other) as second:
        for _ in range(3):
            answers += [await each.post(LOGIN, data=FORM) for each in (first, second)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


async def test_an_answer_has_the_headers_of_both_limits(make_app: MakeApp) -> None:
    async with connect(await make_app()) as client:
        answers = [await client.post(LOGIN, data=FORM) for _ in range(6)]

    assert answers[0].headers["ratelimit"].startswith('"default";r=299;')
    assert_problem(answers[5], 429, "rate_limited")
    policies, states = (answers[5].headers[name] for name in ("ratelimit-policy", "ratelimit"))
    assert policies == '"login";q=5;w=60, "default";q=300;w=60'
    assert states.startswith('"login";r=0;t=')
    assert ', "default";r=294;t=' in states


async def test_it_stays_when_the_general_limit_is_disabled(make_app: MakeApp) -> None:
    async with connect(await make_app(RATE_LIMIT_ENABLED="false")) as client:
        answers = [await client.post(LOGIN, data=FORM) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[0].headers.get("ratelimit") is None

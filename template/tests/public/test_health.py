"""A service without users: everything is public, but for /health/detailed."""

from httpx2 import AsyncClient

from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

DETAILS = "/health/detailed"


async def test_resources_need_no_credentials(anonymous: AsyncClient) -> None:
    created = await anonymous.post("/api/v1/specimens", json={"name": "Teapot", "price": "24.90"})

    assert created.status_code == 201
    assert (await anonymous.delete(created.headers["location"])).status_code == 204


async def test_details_need_the_token(make_app: MakeApp) -> None:
    app = await make_app(HEALTH_TOKEN="a token of ours")

    async with connect(app, {"Authorization": "Bearer a token of ours"}) as operator:
        assert (await operator.get(DETAILS)).status_code == 200
    async with connect(app, {"Authorization": "Bearer a token of theirs"}) as stranger:
        assert_problem(await stranger.get(DETAILS), 403, "permission_denied")
    async with connect(app) as anonymous:
        assert_problem(await anonymous.get(DETAILS), 401, "not_authenticated")


async def test_details_are_denied_if_no_token_is_set(make_app: MakeApp) -> None:
    app = await make_app(HEALTH_TOKEN="")

    for token in ("", "None", "\xe9"):
        header = f"Bearer {token}".encode()
        async with connect(app) as client:
            response = await client.get(DETAILS, headers={b"Authorization": header})

        assert response.status_code in {401, 403}

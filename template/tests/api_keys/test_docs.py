"""The requests of docs/api-keys.md, in their order."""

from httpx2 import AsyncClient

from app.models.user import User
from tests.auth.factories import log_in
from tests.auth.pages import follow, requests_of


async def test_the_requests_work_in_their_order(anonymous: AsyncClient, user: User) -> None:
    known = await log_in(anonymous, user.email)
    statuses = []

    for text in requests_of("api-keys.md"):
        response = await follow(anonymous, text, known)
        statuses.append(response.status_code)
        if response.status_code == 201:
            known |= {"key": response.json()["key"], "key_id": response.json()["id"]}

    assert statuses == [201, 200, 200, 204]

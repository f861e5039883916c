"""The requests of docs/permissions.md, in their order."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import log_in, make_user
from tests.auth.pages import follow, requests_of


async def test_the_requests_work_in_their_order(
    anonymous: AsyncClient, session: AsyncSession, user: User
) -> None:
    superuser = await make_user(session, is_superuser=True)
    known = await log_in(anonymous, superuser.email) | {"user_id": str(user.id)}
    known["user_token"] = (await log_in(anonymous, user.email))["access_token"]
    answers = []

    for text in requests_of("permissions.md"):
        answers.append(await follow(anonymous, text, known))
        if answers[-1].status_code == 201:
            known["role_id"] = answers[-1].json()["id"]

    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200, 200, 204]
    me = answers[2].json()
    assert (me["roles"], me["permissions"]) == (["Support"], ["users:read"])

"""Jobs belong to the users who added them."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.jobs.factories import CREATE, JOBS, make_job
from tests.problems import assert_problem

BULK = {"type": "mail.bulk", "payload": {"to": ["ada@example.com"], "template": "welcome"}}


async def test_a_user_sees_own_jobs_only(
    user_client: AsyncClient, user: User, session: AsyncSession
) -> None:
    await make_job(session)

    own = (await user_client.post(JOBS, json=CREATE)).json()

    listed = (await user_client.get(JOBS)).json()
    assert own["owner_id"] == str(user.id)
    assert [job["id"] for job in listed["items"]] == [own["id"]]
    assert listed["total"] == 1


async def test_the_jobs_of_other_users_are_not_found(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    job = await make_job(session, file=["secret"])

    for response in (
        await user_client.get(f"{JOBS}/{job.id}"),
        await user_client.get(f"{JOBS}/{job.id}/result"),
        await user_client.post(f"{JOBS}/{job.id}/cancel"),
    ):
        assert_problem(response, 404, "not_found")


async def test_a_superuser_sees_all_jobs(
    client: AsyncClient, user: User, session: AsyncSession
) -> None:
    job = await make_job(session, owner_id=user.id)

    response = await client.get(f"{JOBS}/{job.id}")

    assert response.json()["owner_id"] == str(user.id)


async def test_two_users_may_use_the_same_key(
    client: AsyncClient, user_client: AsyncClient
) -> None:
    key = {"Idempotency-Key": "request 7"}

    ids = {
        (await each.post(JOBS, json=CREATE, headers=key)).json()["id"]
        for each in (client, user_client)
    }

    assert len(ids) == 2


async def test_only_superusers_send_bulk_mail(
    client: AsyncClient, user_client: AsyncClient
) -> None:
    assert_problem(await user_client.post(JOBS, json=BULK), 403, "permission_denied")
    assert (await client.post(JOBS, json=BULK)).status_code == 202


async def test_a_key_does_not_fit_another_body(client: AsyncClient) -> None:
    key = {"Idempotency-Key": "request 7"}
    await client.post(JOBS, json=CREATE, headers=key)

    assert_problem(await client.post(JOBS, json=BULK, headers=key), 422, "validation_error")

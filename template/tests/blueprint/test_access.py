"""Who may read and write specimens."""

from httpx2 import AsyncClient

from tests.blueprint.factories import SPECIMENS, make_specimen, new_specimen_body
from tests.problems import assert_problem


# begin shared
async def test_users_read_and_superusers_write(
    client: AsyncClient, user_client: AsyncClient
) -> None:
    specimen = await make_specimen(client)
    url = f"{SPECIMENS}/{specimen['id']}"
    body = await new_specimen_body(client)

    assert (await user_client.get(url)).status_code == 200
    assert_problem(await user_client.delete(url), 403, "permission_denied")
    assert_problem(await user_client.patch(url, json={}), 403, "permission_denied")
    response = await user_client.post(SPECIMENS, json=body)
    assert_problem(response, 403, "permission_denied")


# end
# owned: @pytest.fixture
# owned: async def other_client(client_of: ClientOf, session: AsyncSession) -> AsyncClient:
# owned:     """A client of another superuser."""
# owned:     return await client_of(await make_user(session, is_superuser=True))
# owned:
# owned:
# owned: async def test_only_the_owner_sees_it(
# owned:     client: AsyncClient, other_client: AsyncClient
# owned: ) -> None:
# owned:     specimen = await make_specimen(client)
# owned:     url = f"{SPECIMENS}/{specimen['id']}"
# owned:
# owned:     assert_problem(await other_client.get(url), 404, "not_found")
# owned:     assert_problem(await other_client.patch(url, json={}), 404, "not_found")
# owned:     assert_problem(await other_client.delete(url), 404, "not_found")
# owned:     assert (await other_client.get(SPECIMENS)).json()["total"] == 0
# owned:     assert (await client.get(url)).status_code == 200
# owned:
# owned:
# owned: @pytest.mark.parametrize("field", dict(UNIQUE))
# owned: async def test_another_owner_may_have_the_value(
# owned:     client: AsyncClient, other_client: AsyncClient, field: str
# owned: ) -> None:
# owned:     specimen = await make_specimen(client)
# owned:     own = {} if field in OWN_REFERENCES else {field: specimen[field]}
# owned:
# owned:     await make_specimen(other_client, **own)
# owned:
# owned:
# owned: @pytest.mark.parametrize("field", OWN_REFERENCES)
# owned: async def test_another_owners_row_cannot_be_referred_to(
# owned:     client: AsyncClient, other_client: AsyncClient, field: str
# owned: ) -> None:
# owned:     specimen = await make_specimen(client)
# owned:     body = await new_specimen_body(other_client) | {field: specimen[field]}
# owned:
# owned:     response = await other_client.post(SPECIMENS, json=body)
# owned:
# owned:     assert field in assert_problem(response, 404, "not_found")["detail"]

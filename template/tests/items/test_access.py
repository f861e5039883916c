"""Who may read and write items."""

from httpx2 import AsyncClient

from tests.items.factories import ITEMS, make_item, new_item_body
from tests.problems import assert_problem


async def test_users_read_and_superusers_write(
    client: AsyncClient, user_client: AsyncClient
) -> None:
    item = await make_item(client)
    url = f"{ITEMS}/{item['id']}"
    body = await new_item_body(client)

    assert (await user_client.get(url)).status_code == 200
    assert_problem(await user_client.delete(url), 403, "permission_denied")
    assert_problem(await user_client.patch(url, json={}), 403, "permission_denied")
    response = await user_client.post(ITEMS, json=body)
    assert_problem(response, 403, "permission_denied")

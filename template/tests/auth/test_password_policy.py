"""The password policy."""

import pytest
from httpx2 import AsyncClient

from tests.auth.factories import AUTH, PASSWORD, credentials, log_in
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

LONGEST = "Quite a long sentence, 128 characters of it. " * 2 + "x" * 38
EMAIL = "ada.lovelace.of.london@example.com"


async def register(client: AsyncClient, password: str, status: int = 201) -> None:
    body = {"email": EMAIL, "password": password}
    response = await client.post(f"{AUTH}/register", json=body)
    assert response.status_code == status, response.text


@pytest.mark.parametrize(
    "password",
    [
        "",
        "eleven char",
        "password1234",
        "qwertyuiop12",
        "111111111111111",
        "iloveyouiloveyou",
        EMAIL,
        EMAIL.upper(),
        "Ada.Lovelace.of.London",
        "ｐａｓｓｗｏｒｄ１２３４",  # becomes the same bytes as password1234
    ],
)
async def test_a_password_that_is_easily_guessed_is_rejected(
    anonymous: AsyncClient, password: str
) -> None:
    body = {"email": EMAIL, "password": password}

    response = await anonymous.post(f"{AUTH}/register", json=body)

    problem = assert_problem(response, 422, "password_rejected")
    assert not password or password not in problem["detail"]


async def test_the_name_of_the_project_is_no_password(make_app: MakeApp) -> None:
    app = await make_app(PROJECT_NAME="Zanzibar Quokka Emporium")
    body = {"email": EMAIL, "password": "zanzibar quokka emporium"}
    async with connect(app) as client:
        response = await client.post(f"{AUTH}/register", json=body)

    assert_problem(response, 422, "password_rejected")


@pytest.mark.parametrize("password", [PASSWORD, "квартира под крышей", "🐙 octopus 🐙 tentacle"])
async def test_there_are_no_composition_rules(anonymous: AsyncClient, password: str) -> None:
    await register(anonymous, password)

    assert await log_in(anonymous, EMAIL, password)


async def test_a_setting_requires_mixed_characters(make_app: MakeApp) -> None:
    async with connect(await make_app(PASSWORD_REQUIRE_MIXED="true")) as client:
        for missing in ("FOUR HARBOUR 4!", "four harbour 4!", "Four Harbour !", "FourHarbour4x"):
            await register(client, missing, 422)

        await register(client, "Four Harbour 4!")


async def test_a_setting_requires_longer_passwords(make_app: MakeApp) -> None:
    async with connect(await make_app(PASSWORD_MIN_LENGTH="20")) as client:
        await register(client, "quiet harbour sails", 422)
        await register(client, "quiet harbour sails!")


async def test_passwords_are_not_truncated(anonymous: AsyncClient) -> None:
    await register(anonymous, LONGEST)

    cut = await anonymous.post(f"{AUTH}/login", data=credentials(EMAIL, LONGEST[:-1]))
    assert_problem(cut, 401, "invalid_credentials")
    assert await log_in(anonymous, EMAIL, LONGEST)


async def test_129_characters_are_too_many(anonymous: AsyncClient) -> None:
    body = {"email": EMAIL, "password": LONGEST + "x"}

    response = await anonymous.post(f"{AUTH}/register", json=body)

    assert_problem(response, 422, "validation_error")


async def test_passwords_are_normalized(
    anonymous: AsyncClient,
) -> None:
    await register(anonymous, "cafe\u0301 cre\u0300me bru\u0302le\u0301e")

    assert await log_in(anonymous, EMAIL, "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e")

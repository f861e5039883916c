"""Emails are normalized: all spellings are one account."""

import time
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.auth.factories import AUTH, ME, PASSWORD, USERS, credentials, log_in, make_user
from tests.auth.fixtures import ClientOf, Mailbox
from tests.auth.resets import FORGOT
from tests.problems import assert_problem

REGISTER, LOGIN = f"{AUTH}/register", f"{AUTH}/login"
SPELLINGS = [
    ["eva@xn--bcher-kva.example.org", "eva@bücher.example.org", "Eva@BÜCHER.example.org"],
    ["ada@xn--r8jz45g.example.com", "ada@例え.example.com", "ada@例え。example.com"],
    ["bob@xn--strae-oqa.example.net", "bob@stra\u00dfe.example.net"],
    ["zo\u00eb@example.org", "zoe\u0308@example.org", "ZOE\u0308@EXAMPLE.ORG"],
    ["mia@example.org", " mia@example.org", "mia@example.org\n", "\u00a0MIA@Example.org\t"],
]
PAIRS = [(one, other) for group in SPELLINGS for one in group for other in group if one != other]
NO_ADDRESSES = [
    *("Name <a@example.org>", "<a@example.org>", '"a" <a@example.org>', "mailto:a@example.org"),
    *("a@example.org, b@example.org", "a@example.org\nb", "a b@example.org", "a\x00@example.org"),
    *("a@xn--0.example.org", f"a@{'ü' * 80}.example.org", "a" * 100_000 + "@example.org"),
    *("a" * 65 + "@example.org", "a@b.example.org."),
]
# Composed in a second for 16,000 characters, in a minute for these.
ACCENTS = "\u0300\u0316" * 60_000


@pytest.mark.parametrize(
    ("path", "request_body", "status"),
    [
        (REGISTER, {"json": {"email": f"a{ACCENTS}@example.org", "password": PASSWORD}}, 422),
        (FORGOT, {"json": {"email": f"a{ACCENTS}@example.org"}}, 422),
        (LOGIN, {"data": credentials(f"a{ACCENTS}@example.org")}, 401),
        (LOGIN, {"data": credentials("ada@example.org", ACCENTS)}, 401),
    ],
    ids=["registration", "reset", "login", "password"],
)
async def test_text_of_accents_is_refused_at_once(
    anonymous: AsyncClient, path: str, request_body: dict[str, Any], status: int
) -> None:
    started = time.process_time()

    response = await anonymous.post(path, **request_body)

    assert response.status_code == status
    assert time.process_time() - started < 10


@pytest.mark.parametrize(("registered", "used"), PAIRS)
async def test_a_login_accepts_any_spelling_of_the_email(
    anonymous: AsyncClient, registered: str, used: str
) -> None:
    body = {"email": registered, "password": PASSWORD}

    user = (await anonymous.post(REGISTER, json=body)).json()

    assert user["email"] in {group[0] for group in SPELLINGS}
    assert await log_in(anonymous, used)
    again = await anonymous.post(REGISTER, json=body | {"email": used})
    assert_problem(again, 409, "email_taken")


@pytest.mark.parametrize("spelling", SPELLINGS[0])
async def test_an_account_in_the_spelling_of_older_releases_is_found(
    anonymous: AsyncClient, session: AsyncSession, mailbox: Mailbox, spelling: str
) -> None:
    await make_user(session, email="eva@bücher.example.org")

    assert await log_in(anonymous, spelling)
    taken = await anonymous.post(REGISTER, json={"email": spelling, "password": PASSWORD})
    assert_problem(taken, 409, "email_taken")
    await anonymous.post(FORGOT, json={"email": spelling})
    assert [mail["to"] for mail in await mailbox()] == [SPELLINGS[0][0]]


@pytest.mark.parametrize("spelling", SPELLINGS[0])
async def test_an_older_account_keeps_its_email(
    client: AsyncClient, client_of: ClientOf, session: AsyncSession, spelling: str
) -> None:
    owner = await make_user(session, email="eva@bücher.example.org")
    other = await make_user(session)

    taken = await client.patch(f"{USERS}/{other.id}", json={"email": spelling})
    kept = await (await client_of(owner)).patch(ME, json={"email": spelling})

    assert_problem(taken, 409, "email_taken")
    assert (kept.status_code, kept.json()["email"]) == (200, SPELLINGS[0][0])
    found = await client.get(USERS, params={"q": spelling})
    assert [user["id"] for user in found.json()["items"]] == [str(owner.id)]


@pytest.mark.parametrize("text", NO_ADDRESSES)
async def test_an_invalid_email_is_refused(
    new_client: AsyncClient, user_client: AsyncClient, text: str
) -> None:
    body = {"email": text, "password": PASSWORD}

    assert_problem(await new_client.post(REGISTER, json=body), 422, "validation_error")
    assert_problem(await new_client.post(FORGOT, json={"email": text}), 422, "validation_error")
    change = {"email": text, "current_password": PASSWORD}
    assert_problem(await user_client.patch(ME, json=change), 422, "validation_error")
    assert_problem(await new_client.post(LOGIN, data=credentials(text)), 401, "invalid_credentials")


@pytest.mark.parametrize("domain", ["xn--hunter2", "hunter2\u0640", "\u05d0hunter2"])
async def test_the_refusal_of_a_domain_does_not_quote_it(
    anonymous: AsyncClient, domain: str
) -> None:
    body = {"email": f"a@{domain}.org", "password": PASSWORD}

    response = await anonymous.post(REGISTER, json=body)

    assert_problem(response, 422, "validation_error")
    [fault] = response.json()["errors"]
    assert fault["message"].startswith("The part after the @-sign ")
    assert "hunter2" not in response.text


async def test_an_account_with_a_very_long_name_still_logs_in(
    anonymous: AsyncClient, session: AsyncSession
) -> None:
    await make_user(session, email=f"{'a' * 65}@example.org")

    assert await log_in(anonymous, f"{'A' * 65}@Example.org")


@pytest.mark.parametrize("group", SPELLINGS)
async def test_guesses_with_all_spellings_count_together(
    new_client: AsyncClient, group: list[str]
) -> None:
    forms = [credentials(group[number % len(group)]) for number in range(6)]

    answers = [await new_client.post(LOGIN, data=form) for form in forms]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


@pytest.mark.parametrize("password", ["eva@bücher.example.org", "EVA@xn--bcher-kva.example.org"])
async def test_no_spelling_of_the_email_is_a_password(
    anonymous: AsyncClient, password: str
) -> None:
    body = {"email": "eva@bücher.example.org", "password": password}

    assert_problem(await anonymous.post(REGISTER, json=body), 422, "password_rejected")


async def test_an_account_whose_address_is_refused_today_still_logs_in(
    anonymous: AsyncClient, session: AsyncSession
) -> None:
    await make_user(session, email="root@localhost")

    assert await log_in(anonymous, "Root@LOCALHOST ")

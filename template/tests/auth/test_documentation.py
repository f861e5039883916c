"""The requests in docs/accounts.md do what the page says."""

import re

from httpx2 import AsyncClient

from app.core.config import ROOT
from tests.auth.factories import authorization
from tests.auth.fixtures import Mailbox
from tests.auth.mails import newest_token

PAGE = ROOT / "docs" / "accounts.md"
REQUEST = re.compile(
    r"```http\n(?P<method>[A-Z]+) (?P<path>\S+)\n(?P<body>.*?)\n?\nHTTP/1.1 (?P<status>\d+)\n```",
    re.DOTALL,
)


async def test_the_requests_are_answered_as_described(
    anonymous: AsyncClient, mailbox: Mailbox
) -> None:
    requests = list(REQUEST.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(requests) == PAGE.read_text(encoding="utf-8").count("```http") >= 7

    for request in requests:
        body = request["body"]
        if "TOKEN_OF_THE_MAIL" in body:
            body = body.replace("TOKEN_OF_THE_MAIL", await newest_token(mailbox))
        form = "application/x-www-form-urlencoded" if "username=" in body else "application/json"
        response = await anonymous.request(
            request["method"], request["path"], content=body, headers={"Content-Type": form}
        )
        assert response.status_code == int(request["status"]), (request.group(), response.text)
        if request["path"].endswith("/login"):
            anonymous.headers |= authorization(response.json()["access_token"])

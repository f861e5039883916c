"""The order of the middleware is the one that its module lists."""

import re

from fastapi import FastAPI

from app.middleware import stack
from tests.conftest import MakeApp


def names(app: FastAPI) -> list[str]:
    return [getattr(middleware.cls, "__name__", "") for middleware in app.user_middleware]


async def test_middleware_is_in_the_order_that_is_documented(make_app: MakeApp) -> None:
    documented = re.findall("- `([A-Za-z]+)`", stack.__doc__ or "")
    app = await make_app(CORS_ORIGINS="https://web.example", TRUSTED_HOSTS="test")

    assert names(app) == [name for name in documented if name in names(app)]

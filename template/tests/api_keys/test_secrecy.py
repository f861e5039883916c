"""A key is in no log, answer, report or trace."""

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest
from fastapi import Request
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.features import FEATURES
from app.models.user import User
from app.services.api_key import new_key
from tests.api_keys.factories import KEYS, make_key
from tests.auth.factories import ME, authorization
from tests.blueprint.factories import SPECIMENS
from tests.clients import connect
from tests.conftest import MakeApp
from tests.processes import serving

NAMES = {feature.name for feature in FEATURES}
with_receiver = pytest.mark.skipif(find_spec("tests.receiver") is None, reason="reports nothing")


async def crash(request: Request) -> None:
    key = request.headers["authorization"]
    raise RuntimeError(f"unexpected {len(key)}")


async def use(client: AsyncClient, keys: list[str]) -> list[str]:
    """Send each key in every way that fails, or that works; return the answers."""
    answers = []
    for key in keys:
        headers = authorization(key)
        for path in (ME, KEYS, "/crash", "/nothing", "/health/detailed", f"{SPECIMENS}?page=0"):
            answers.append(await client.get(path, headers=headers))
        answers.append(await client.post(f"{ME}/api-keys", headers=headers, json={"name": 1}))
        answers.append(await client.post("/api/v1/auth/logout", headers=headers, content="{"))
    return [json.dumps([answer.text, str(answer.headers)]) for answer in answers]


async def several_keys(session: AsyncSession, user: User) -> list[str]:
    """A valid key, an expired one, a wrong secret and a wrong checksum."""
    row, valid = await make_key(session, user, last_used_at=None)
    _, expired = await make_key(session, user, expires_at=utc_now())
    return [valid, expired, new_key(row.prefix), f"{valid[:-8]}00000000"]


async def test_keys_are_neither_logged_nor_repeated(
    make_app: MakeApp, session: AsyncSession, user: User, capfd: pytest.CaptureFixture[str]
) -> None:
    keys = await several_keys(session, user)
    app = await make_app(LOG_LEVEL="debug", DEBUG="true")
    app.get("/crash")(crash)

    async with connect(app) as client:
        answers = await use(client, keys)
    out, err = capfd.readouterr()

    assert out.count("RuntimeError: unexpected") == len(keys)
    assert f'"user_id": "{user.id}"' in out
    for text in (out, err, *answers):
        assert [key for key in keys if key.rpartition("_")[2][:64] in text] == []


@with_receiver
@pytest.mark.skipif("sentry" not in NAMES, reason="a service without Sentry")
async def test_keys_are_not_reported_to_sentry(
    make_app: MakeApp, session: AsyncSession, user: User
) -> None:
    keys = await several_keys(session, user)

    with import_module("tests.receiver").receiving() as sentry:
        dsn = sentry.url.replace("//", "//key@") + "/1"
        app = await make_app(SENTRY_DSN=dsn)
        app.get("/crash")(crash)
        async with connect(app) as client:
            await use(client, keys)
        received = sentry.wait(lambda requests: len(requests) >= 1)

    sent = b"".join(request.body for request in received).decode()
    assert "RuntimeError" in sent
    assert [key for key in keys if key.rpartition("_")[2][:64] in sent] == []


@pytest.mark.process
@with_receiver
@pytest.mark.skipif("tracing" not in NAMES, reason="a service without traces")
async def test_keys_are_on_no_span(session: AsyncSession, user: User, tmp_path: Path) -> None:
    keys = await several_keys(session, user)

    with import_module("tests.receiver").receiving() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with serving(tmp_path, **settings) as service:
            for key in keys:
                httpx2.get(f"{service.url}{ME}", headers=authorization(key))
            collector.wait(lambda requests: b"api_keys" in b"".join(it.body for it in requests))

    sent = b"".join(request.body for request in collector.requests)
    assert [key for key in keys if key.rpartition("_")[2][:64].encode() in sent] == []

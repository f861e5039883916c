"""Errors: problem+json everywhere, without the input or internal details."""

import pytest
from fastapi import FastAPI, HTTPException
from httpx2 import AsyncClient
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.api.deps import SessionDep
from app.db.session import Database
from tests.blueprint.factories import SPECIMENS
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

SECRET = "correct horse battery staple"
# A reference that the database looks at when the transaction is committed.
PARENTS = Table("parents", MetaData(), Column("id", Integer, primary_key=True))
PARENT = ForeignKey("parents.id", deferrable=True, initially="DEFERRED")
ORPHANS = Table("orphans", PARENTS.metadata, Column("parent_id", PARENT, primary_key=True))


@pytest.mark.parametrize("path", ["/", "/nothing", "/api/v1", "/api/v0/users", "/health/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "QUERY"])
async def test_an_unknown_path_is_not_found(client: AsyncClient, method: str, path: str) -> None:
    assert_problem(await client.request(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", SPECIMENS, "GET, HEAD, POST"),
        ("PUT", f"{SPECIMENS}/00000000-0000-0000-0000-000000000000", "DELETE, GET, HEAD, PATCH"),
        ("POST", "/health", "GET, HEAD"),
        ("POST", "/docs", "GET, HEAD"),
        ("POST", "/docs/assets/swagger-ui.css", "GET, HEAD"),
        ("QUERY", SPECIMENS, "GET, HEAD, POST"),
    ],
)
async def test_a_wrong_method_gets_the_allowed_ones(
    client: AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allowed


async def test_a_trailing_slash_leads_to_the_path_without(client: AsyncClient) -> None:
    response = await client.get(f"{SPECIMENS}/", follow_redirects=True)

    assert response.json()["total"] == 0
    assert [step.status_code for step in response.history] == [307]
    assert response.history[0].headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [f"{SPECIMENS}/?page=2&q=a%2Fb", "/health/live/"])
async def test_a_redirect_stays_on_the_host_that_the_client_sees(
    anonymous: AsyncClient, path: str
) -> None:
    response = await anonymous.get(path, headers={"Host": "inside.example:8000"})

    assert response.status_code == 307
    assert response.headers["location"] == path.replace("/?", "?").removesuffix("/")


async def test_the_input_is_never_echoed(client: AsyncClient) -> None:
    body = {"name": {"password": SECRET}, "price": SECRET, "stock": SECRET, "description": [SECRET]}

    response = await client.post(SPECIMENS, json=body)

    assert len(response.json()["errors"]) == 4
    assert SECRET not in response.text


async def break_down() -> None:
    raise RuntimeError(SECRET)


async def store_nothing() -> None:
    raise IntegrityError("INSERT INTO books", {}, ValueError("NOT NULL constraint failed"))


async def fail_to_commit(session: SessionDep) -> None:
    await session.execute(ORPHANS.insert(), {"parent_id": 1})


async def change_what_is_gone() -> None:
    raise StaleDataError("UPDATE matched 0 rows")


async def refuse(status: int) -> None:
    raise HTTPException(status, SECRET)


async def ask_nonsense(session: SessionDep) -> None:
    await session.execute(text("SELECT no_such_column FROM specimens"))


@pytest.fixture
async def faulty(make_app: MakeApp) -> FastAPI:
    """An app with routes that fail."""
    app = await make_app(CORS_ORIGINS="https://web.example")
    app.get("/broken")(break_down)
    app.get("/nonsense")(ask_nonsense)
    app.get("/incomplete")(store_nothing)
    app.get("/gone")(change_what_is_gone)
    app.get("/refused/{status}")(refuse)
    app.post("/uncommitted")(fail_to_commit)
    return app


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "not_authenticated"),
        (402, "payment_required"),
        (403, "permission_denied"),
        (503, "service_unavailable"),
    ],
)
async def test_an_http_exception_of_an_endpoint_has_the_code_of_its_status(
    faulty: FastAPI, status: int, code: str
) -> None:
    async with connect(faulty) as client:
        problem = assert_problem(await client.get(f"/refused/{status}"), status, code)

    assert len(problem["detail"]) > len(".")
    assert SECRET not in problem["detail"]


async def test_a_row_that_has_gone_meanwhile_is_a_conflict(faulty: FastAPI) -> None:
    async with connect(faulty) as client:
        assert_problem(await client.get("/gone"), 409, "conflict")


async def test_a_commit_that_fails_is_no_conflict(faulty: FastAPI, database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(ORPHANS.metadata.create_all)
    try:
        async with connect(faulty) as client:
            assert_problem(await client.post("/uncommitted"), 500, "internal_error")
    finally:
        async with database.engine.begin() as connection:
            await connection.run_sync(ORPHANS.metadata.drop_all)


@pytest.mark.parametrize("path", ["/broken", "/nonsense", "/incomplete"])
async def test_unhandled_errors_show_no_details(faulty: FastAPI, path: str) -> None:
    async with connect(faulty) as client:
        response = await client.get(path, headers={"Origin": "https://web.example"})

    problem = assert_problem(response, 500, "internal_error")
    assert problem["detail"] == "The server made a mistake. It has been logged."
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["access-control-allow-origin"] == "https://web.example"


async def test_the_connection_stays_open_after_an_unhandled_error(faulty: FastAPI) -> None:
    async with connect(faulty) as client:
        await client.get("/broken")

        assert (await client.get("/health")).status_code == 200

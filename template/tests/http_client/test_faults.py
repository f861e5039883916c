"""Errors of another service become 502 or 504, without its text."""

import json
import time

import pytest
from httpx2 import AsyncClient

from tests.http_client.conftest import MakeCaller
from tests.http_client.routes import CALL
from tests.http_client.upstream import Answer, Upstream, serving
from tests.problems import assert_problem

SECRET = "stack trace of theirs"
QUICK = {"HTTP_CLIENT_RETRY_SECONDS": "0.01"}
BAD: dict[str, Answer] = {
    "refusal": Answer(403, SECRET.encode()),
    "unknown": Answer(404, SECRET.encode()),
    "crash": Answer(500, SECRET.encode()),
    "redirect": Answer(302, headers={"Location": "http://127.0.0.1:9/"}),
    "nothing": Answer(204),
    "no JSON": Answer(body=f"<html>{SECRET}".encode()),
    "half of JSON": Answer(body=b'{"degrees": 21'),
    "another form": Answer(body=json.dumps([SECRET]).encode()),
    "no text": Answer(body=b"\xff\xfe"),
    "too large": Answer(body=b'{"degrees": 1}' + b" " * 5000),
    "broken off": Answer(body=b"{", length=100),
    "deep": Answer(body=b'{"degrees": ' + b"[" * 900),
}


@pytest.fixture
async def hasty(make_caller: MakeCaller) -> AsyncClient:
    """A client of an app with short timeouts and a small size limit."""
    return await make_caller(
        **QUICK,
        HTTP_CLIENT_READ_TIMEOUT="0.3",
        HTTP_CLIENT_TOTAL_TIMEOUT="60",
        HTTP_CLIENT_MAX_BYTES="4096",
    )


@pytest.mark.parametrize("answer", [pytest.param(bad, id=name) for name, bad in BAD.items()])
async def test_an_invalid_answer_is_a_502_without_its_text(
    hasty: AsyncClient, upstream: Upstream, answer: Answer
) -> None:
    upstream.script = lambda _: answer

    response = await hasty.get(CALL)

    assert_problem(response, 502, "upstream_error")
    assert SECRET not in response.text


async def test_the_text_of_the_service_is_logged(
    hasty: AsyncClient, upstream: Upstream, capfd: pytest.CaptureFixture[str]
) -> None:
    upstream.script = lambda _: BAD["crash"]

    response = await hasty.get(CALL)

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    [line] = [line for line in lines if line["event"] == "upstream_answer"]
    assert (line["status"], line["text"]) == (500, SECRET)
    assert line["request_id"] == response.headers["x-request-id"]


async def test_a_closed_port_is_a_502(make_caller: MakeCaller) -> None:
    with serving() as closed:
        pass
    client = await make_caller(closed.url, **QUICK)

    assert_problem(await client.get(CALL), 502, "upstream_error")


async def test_a_silent_service_is_a_504_without_retries(
    hasty: AsyncClient, upstream: Upstream
) -> None:
    upstream.script = lambda _: Answer(wait=30)
    started = time.monotonic()

    response = await hasty.get(CALL)

    assert_problem(response, 504, "upstream_timeout")
    assert time.monotonic() - started < 20  # the limit for everything is 60
    assert len(upstream.asked) == 1


async def test_a_slow_service_times_out(make_caller: MakeCaller, upstream: Upstream) -> None:
    client = await make_caller(HTTP_CLIENT_TOTAL_TIMEOUT="0.5", HTTP_CLIENT_READ_TIMEOUT="60")
    upstream.script = lambda _: Answer(wait=30)
    started = time.monotonic()

    response = await client.get(CALL)

    assert_problem(response, 504, "upstream_timeout")
    assert time.monotonic() - started < 20  # the service dawdles for 30

"""Measures one program inside its own process and environment, without a server.

It is run by the Python of a rendered project, in its folder: `python worker.py app.main:app`. Each
line on stdin is a burst, `{"path": ..., "requests": 40, ...}`; each line on stdout is its cost.
With `LOGIN` in the environment, the form of a login, all requests have the token that it answers.
"""

import asyncio
import json
import os
import sys
import time
from importlib import import_module
from typing import Any

# The logs of the service go nowhere, and its answers are the only lines on stdout.
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
sys.stdout = open(os.devnull, "w", buffering=1)  # noqa: PTH123, SIM115

Headers = list[tuple[bytes, bytes]]
JSON: Headers = [(b"content-type", b"application/json")]


class Statements:
    """Counts the statements of all engines; BEGIN and COMMIT are none."""

    def __init__(self) -> None:
        self.count = 0
        from sqlalchemy import Engine, event

        event.listen(Engine, "before_cursor_execute", self._add)

    def _add(self, *_: object) -> None:
        self.count += 1


class Requests:
    """Sends requests to an ASGI app."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401  (any ASGI app)
        self.app = app
        self.headers = [(b"host", b"127.0.0.1"), (b"user-agent", b"benchmark"), (b"accept", b"*/*")]

    async def log_in(self, form: str) -> None:
        """Log in; all further requests have the token."""
        headers = [(b"content-type", b"application/x-www-form-urlencoded")]
        answer = await self.send("POST", "/api/v1/auth/login", form.encode(), headers)
        token = json.loads(answer)["access_token"]
        self.headers.append((b"authorization", f"Bearer {token}".encode()))

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Headers = JSON
    ) -> bytes:
        """Send one and return the body of the answer. Raise unless it is a good one."""
        route, _, query = path.partition("?")
        length = (b"content-length", str(len(body)).encode())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": route,
            "raw_path": route.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [*self.headers, *headers, length] if body else self.headers,
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        answer: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: dict[str, Any]) -> None:
            answer.append(message)

        await self.app(scope, receive, keep)
        if answer[0]["status"] >= 300:
            raise RuntimeError(f"{method} {path}: {answer[0]['status']} {answer[-1]['body']!r}")
        return b"".join(message.get("body", b"") for message in answer)

    async def burst(self, work: dict[str, Any]) -> float:
        """Send many, some at a time, and return the CPU seconds of this process."""
        left = iter(range(work["requests"]))

        async def client() -> None:
            for _ in left:
                body = work["body"].replace("UNIQUE", os.urandom(8).hex())
                await self.send(work["method"], work["path"], body.encode())

        started = time.process_time()
        async with asyncio.TaskGroup() as clients:
            for _ in range(work["clients"]):
                clients.create_task(client())
        return time.process_time() - started


async def measure(name: str, login: str) -> None:
    """Answer each line on stdin, until it ends."""
    started = time.process_time()
    module, _, attribute = name.partition(":")
    app = getattr(import_module(module), attribute)
    imported = time.process_time() - started
    statements, requests = Statements(), Requests(app)
    loop = asyncio.get_running_loop()
    async with app.router.lifespan_context(app):
        if login:
            await requests.log_in(login)
        ANSWERS.write(json.dumps({"import_seconds": imported}) + "\n")
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            work = json.loads(line)
            before = statements.count
            seconds = await requests.burst(work)
            answer = {
                "cpu_us": seconds / work["requests"] * 1e6,
                "statements": (statements.count - before) / work["requests"],
            }
            ANSWERS.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    import uvloop

    # The program's own folder, not that of this file.
    sys.path[0] = os.environ.get("PROGRAM_FOLDER", ".")
    uvloop.run(measure(sys.argv[1], os.environ.get("LOGIN", "")))

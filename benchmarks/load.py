"""Measures programs as they are served: wrk sends requests, `/proc` says what they cost."""

import json
import secrets
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.programs import LOGIN, ROWS, Program, postgres, trim
from benchmarks.samples import Sample
from benchmarks.works import WORKS, Work
from tests.processes import reserved_port

CLIENTS = 32
START_SECONDS = 60
LUA = """
local number = 0
wrk.method = "%(method)s"
wrk.headers["Content-Type"] = "application/json"
%(authorization)s
request = function()
    number = number + 1
    return wrk.format(nil, nil, nil, (([[%(body)s]]):gsub("UNIQUE", "%(prefix)s" .. number)))
end
done = function(summary, latency)
    local errors, failed = summary.errors, 0
    for _, kind in ipairs({"connect", "read", "write", "status", "timeout"}) do
        failed = failed + errors[kind]
    end
    io.write(string.format('{"requests": %%d, "failed": %%d, "p50_ms": %%f, "p99_ms": %%f}\\n',
        summary.requests, failed, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A program that is being served."""

    program: Program
    process: psutil.Process
    url: str
    token: str
    idle_mb: float


@contextmanager
def serving(program: Program) -> Generator[Server]:
    """Serve a program on a free port until the block ends."""
    port = reserved_port()
    own = program.is_service
    command = ["-m", "app", "serve"] if own else ["-m", "uvicorn", program.app, "--no-access-log"]
    options = [] if own else ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    with subprocess.Popen(  # noqa: S603
        [program.python, *command, *options],
        cwd=program.folder,
        env=program.variables | {"HOST": "127.0.0.1", "PORT": str(port)},
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/health/live" if own else f"{url}/openapi.json")
            memory = psutil.Process(process.pid).memory_info().rss / 1e6
            token = ""
            if program.environment["LOGIN"]:
                token = json.loads(_send(f"{url}/api/v1/auth/login", LOGIN.encode()))[
                    "access_token"
                ]
            yield Server(program, psutil.Process(process.pid), url, token, memory)
        finally:
            process.terminate()


def _wait(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _send(url)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _send(url: str, body: bytes | None = None, **headers: str) -> bytes:
    request = urllib.request.Request(url, body, headers)  # noqa: S310  (127.0.0.1)
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return response.read()


def measure(
    programs: list[Program], rounds: int, works: list[str], seconds: int
) -> tuple[list[Sample], dict[str, float]]:
    """Return the samples, and the memory of each program before its first request."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt install wrk, or use --in-process")
    samples: list[Sample] = []
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(program)) for program in programs]
        memory = {server.program.name: server.idle_mb for server in servers}
        for server in servers:
            _fill(server)
        database = postgres(programs[-1])
        for number in range(-1, rounds):  # the first one warms up
            for work in (WORKS[name] for name in works):
                for server in servers:
                    if work.name not in server.program.works:
                        continue
                    sample = burst(server, work, seconds if number >= 0 else 1, database)
                    if work.name == "create":
                        trim(server.program)
                    if number >= 0:
                        samples.append(sample)
    return samples, memory


def _fill(server: Server) -> None:
    if "create" not in server.program.works:
        return
    headers = {"Content-Type": "application/json"}
    if server.token:
        headers["Authorization"] = f"Bearer {server.token}"
    work = WORKS["create"]
    for _ in range(ROWS):
        body = work.body.replace("UNIQUE", secrets.token_hex(8)).encode()
        _send(f"{server.url}{work.path}", body, **headers)


def burst(server: Server, work: Work, seconds: int, database: psutil.Process) -> Sample:
    """Send requests for some seconds."""
    authorization = f'wrk.headers["Authorization"] = "Bearer {server.token}"'
    script = LUA % {
        "method": work.method,
        "authorization": authorization if server.token else "",
        "body": work.body,
        "prefix": secrets.token_hex(4),
    }
    path = Path(server.program.project) / ".local" / "request.lua"
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    before, database_before = cpu_seconds(server.process), cpu_seconds(database)
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s", "-s", str(path)]
    done = subprocess.run(  # noqa: S603
        [*command, f"{server.url}{work.path}"], check=True, capture_output=True, text=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    requests = max(1, result.pop("requests"))
    return Sample(
        server.program.name,
        work.name,
        cpu_us=(cpu_seconds(server.process) - before) / requests * 1e6,
        database_us=(cpu_seconds(database) - database_before) / requests * 1e6,
        **result,
    )


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time of a process and its children, ended ones too."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue  # it is among the ended children of its parent from now on
        total += times.user + times.system + times.children_user + times.children_system
    return total

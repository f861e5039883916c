"""X-Forwarded-For with each command that serves."""

import json
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.databases import free_port
from tests.processes import environment, eventually

pytestmark = pytest.mark.process

FORWARDED = {"X-Forwarded-For": "203.0.113.7:51234", "X-Forwarded-Proto": "https"}
UVICORN = ["-m", "uvicorn", "app.main:app"]
SCRIPT = "from app.main import app; import sys, uvicorn; uvicorn.run(app, port=int(sys.argv[2]))"


def answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/nothing", headers=FORWARDED).status_code == 404
    except httpx2.TransportError:
        return False


def addresses(output: Path) -> set[str]:
    lines = [line for line in output.read_text().splitlines() if line.startswith("{")]
    return {entry["client"] for entry in map(json.loads, lines) if entry["event"] == "request"}


@pytest.mark.parametrize(
    ("command", "proxies", "expected"),
    [
        (UVICORN, "", "127.0.0.1"),
        ([*UVICORN, "--proxy-headers", "--forwarded-allow-ips", "*"], "", "127.0.0.1"),
        ([*UVICORN, "--reload"], "", "127.0.0.1"),
        (["-c", SCRIPT], "", "127.0.0.1"),
        (UVICORN, "127.0.0.1", "203.0.113.7"),
        (UVICORN, "10.0.0.0/8", "127.0.0.1"),
    ],
    ids=str,
)
def test_only_trusted_proxies_are_believed(
    tmp_path: Path, command: list[str], proxies: str, expected: str
) -> None:
    port, output = free_port(), tmp_path / "output"
    run = [sys.executable, *command, "--port", str(port)]
    settings = environment(TRUSTED_PROXIES=proxies)
    with (
        output.open("w") as log,
        subprocess.Popen(run, cwd=tmp_path, env=settings, stdout=log, stderr=log) as process,
    ):
        try:
            eventually(lambda: answers(f"http://127.0.0.1:{port}"), 30)
        finally:
            process.terminate()

    assert addresses(output) == {expected}

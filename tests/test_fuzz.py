"""Schemathesis against each generated service: every response conforms to its OpenAPI document."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests import combinations
from tests.bytecode import Bytecode
from tests.combinations import Answers
from tests.conftest import is_thorough
from tests.processes import reserved_port, until
from tests.rates_server import serve_rates
from tests.resources import EVERY_KIND, REFERRING
from tests.turns import taking_turns

pytestmark = pytest.mark.service

THOROUGH = pytest.mark.thorough
# In a run the smallest or the largest: an operation does not depend on other features.
QUICK = ("full", "minimal")
FEW = combinations.few(paper=False).items()
FUZZED = {row["preset"]: pytest.param(row, id=name) for name, row in FEW if row["preset"] in QUICK}
ROWS = [
    *taking_turns([FUZZED[preset] for preset in QUICK], len(QUICK)),
    *(
        pytest.param(row, id=name, marks=THOROUGH)
        for name, row in FEW
        if row["preset"] not in QUICK
    ),
]
# With resources that `just resource` makes, of every kind of field.
SPECS = (EVERY_KIND, *REFERRING)
# For each operation and each way to make requests.
EXAMPLES, EXAMPLES_THOROUGH = 5, 25
# What an answer must be. Left out: that all input of the right form is accepted, since a name may
# be taken and a password common.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
# These would end the session that the other requests use.
SUICIDAL = ("logout", "change_password", "update_me")
SUPERUSER = {
    "FIRST_SUPERUSER_EMAIL": "fuzz@example.com",
    "FIRST_SUPERUSER_PASSWORD": "nothing that can be guessed",
}
SETTINGS = {
    **SUPERUSER,
    "RATE_LIMIT_ENABLED": "false",
    "RATE_LIMIT_LOGIN": "100000/minute",
    "PASSWORD_HASH_MEMORY_KIB": "8",
    "PASSWORD_HASH_ITERATIONS": "1",
    "EMAIL_BACKEND": "file",
    "LOG_LEVEL": "warning",
}


@pytest.mark.parametrize("answers", ROWS)
def test_every_response_conforms_to_the_openapi_document(
    copy: Callable[..., Path], answers: Answers, bytecode: Bytecode, pytestconfig: pytest.Config
) -> None:
    examples = EXAMPLES_THOROUGH if is_thorough(pytestconfig) else EXAMPLES
    project = copy(**answers)
    bytecode.install(project)
    port = reserved_port()
    service = f"http://127.0.0.1:{port}"

    with serve_rates() as rates:
        environment = {**os.environ, **SETTINGS, "PORT": str(port), "RATES_URL": rates}
        for spec in SPECS if answers["preset"] in QUICK else ():
            run(project, environment, "python", "-m", "dev.resource", "make", *shlex.split(spec))
        run(project, environment, "python", "-m", "app", "migrate")
        with serving(project, environment, service):
            token = log_in(project, environment, service)
            report = fuzz(service, token, examples)

    assert report.returncode == 0, report.stdout[-8000:]
    assert "Operations:" in report.stdout


def run(project: Path, environment: dict[str, str], *command: str) -> None:
    """Run a command with the development database of the project."""
    launcher = ["uv", "run", "--quiet", "python", "-m", "dev", "run", *command]
    subprocess.run(launcher, cwd=project, env=environment, check=True, stdin=subprocess.DEVNULL)


@contextmanager
def serving(project: Path, environment: dict[str, str], service: str) -> Generator[None]:
    """Serve the project as in production, until the block ends."""
    launcher = ["uv", "run", "--quiet", "python", "-m", "dev", "run"]
    process = subprocess.Popen(
        [*launcher, "python", "-m", "app", "serve"], cwd=project, env=environment
    )
    try:
        until(lambda: is_ready(f"{service}/health/ready"))
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def is_ready(address: str) -> bool:
    try:
        with urlopen(address, timeout=10):  # noqa: S310  (our own address)
            return True
    except OSError:  # connection refused, or the answer is a 503
        return False


def log_in(project: Path, environment: dict[str, str], service: str) -> str | None:
    """Return a superuser's token, or None from a service without users."""
    if not (project / "app" / "auth").is_dir():
        return None
    run(project, environment, "python", "-m", "app", "create-superuser")
    email, password = SUPERUSER.values()
    form = urlencode({"username": email, "password": password}).encode()
    with urlopen(f"{service}/api/v1/auth/login", form, timeout=60) as answer:  # noqa: S310
        return json.load(answer)["access_token"]


def fuzz(service: str, token: str | None, examples: int) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis with valid and invalid input."""
    command = [str(Path(sys.executable).parent / "schemathesis"), "run"]
    command += [f"{service}/api/v1/openapi.json", "--checks", ",".join(CHECKS)]
    command += ["--seed", "1", "--max-examples", str(examples)]
    command += ["--phases", "examples,coverage,fuzzing"]
    command += [part for name in SUICIDAL for part in ("--exclude-operation-id", name)]
    if token is not None:
        command += ["--header", f"Authorization: Bearer {token}"]
    return subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )

"""End-to-end tests of a service with every feature: metrics, traces and many clients."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bytecode import Bytecode
from tests.commands import execute
from tests.turns import every_other_day

pytestmark = pytest.mark.service

IN_PROJECT = Path(__file__).with_name("in_project") / "end_to_end"


@every_other_day(even=False)
def test_each_request_is_counted_and_followed_and_each_message_arrives_once(
    copy: Callable[..., Path], path_of_a_user: str, bytecode: Bytecode
) -> None:
    project = copy(preset="full")
    shutil.copytree(IN_PROJECT, project / "tests/end_to_end")
    bytecode.install(project)

    checks = ("ruff check tests", "ruff format --check tests", "python -m pytest tests/end_to_end")
    for check in (f"uv run --no-sync {check}" for check in checks):
        code, output = execute(project, check, {**os.environ, "PATH": path_of_a_user})

        assert code == 0, f"{check}\n{output[-6000:]}"

"""Copies are the same whether Copier is made faster, as in these tests, or not."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import Render
from tests.rendering import read_tree


def test_a_copy_equals_that_of_copier_as_it_is(
    source: Path, render: Render, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet"]
    answers = ["--data", "preset=full", "--data", "project_name=Order Desk"]

    subprocess.run([*command, *answers, source, tmp_path / "project"], check=True)

    made = read_tree(tmp_path / "project")
    assert len(made) > 700
    assert made == read_tree(render(preset="full", project_name="Order Desk"))

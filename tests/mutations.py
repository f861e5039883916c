"""Mutates a copy of the template, which the checks must report."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.static_checks.template import Template
from tests.turns import changed

Mutate = Callable[[str, str, str], Template]
CHECKS = ("tests/static_checks/", "tests/mutations", "tests/test_mutations")
# They test the checks: in `just test` where those differ from `main`.
of_the_checks = [pytest.mark.thorough] * (not any(name.startswith(CHECKS) for name in changed()))


@pytest.fixture
def mutate(source: Path, tmp_path: Path) -> Mutate:
    """Return a function that replaces a text in a file, or adds a file, and loads the template."""
    root = Path(shutil.copytree(source, tmp_path / "copy"))

    def mutated(name: str, old: str, new: str) -> Template:
        path = root / "template" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text() if old else ""
        assert not old or text.count(old) == 1, f"{name} has changed: write this mutation anew"
        path.write_text(text.replace(old, new) if old else new)
        return Template(root)

    return mutated

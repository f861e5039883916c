"""Mutates a copy of the template, which the checks must report."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.static_checks.template import Template

Mutate = Callable[[str, str, str], Template]


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

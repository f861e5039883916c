"""A copy of the template to plant faults in: whoever should notice them is asked."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.truth.template import Template

Plant = Callable[[str, str, str], Template]


@pytest.fixture
def plant(source: Path, tmp_path: Path) -> Plant:
    """Return a function that replaces a text in a file, or makes one, and reads the template."""
    root = Path(shutil.copytree(source, tmp_path / "copy"))

    def planted(name: str, old: str, new: str) -> Template:
        path = root / "template" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text() if old else ""
        assert not old or text.count(old) == 1, f"{name} has changed: plant this anew"
        path.write_text(text.replace(old, new) if old else new)
        return Template(root)

    return planted

"""The storage of the tests: a plugin that all tests share."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fastapi import FastAPI


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Store files in a temporary folder."""
    folder = TemporaryDirectory(prefix="files-")
    config.add_cleanup(folder.cleanup)
    os.environ["STORAGE_URL"] = Path(folder.name, "storage").as_uri()


@pytest.fixture
def stored(app: FastAPI) -> "Stored":
    """The storage's folder, which the test finds empty."""
    stored = Stored(app.state.storage.root)
    for path in stored.paths():
        path.unlink()
    return stored


class Stored:
    """A folder of files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def paths(self) -> list[Path]:
        """All files, wherever they are."""
        return sorted(path for path in self.root.rglob("*") if path.is_file())

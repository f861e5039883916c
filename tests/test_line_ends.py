"""Line ends are LF in every clone: scripts with CRLF do not run."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.rendering import git, snapshot

SETTINGS = [["core.autocrlf=true"], ["core.eol=crlf"], ["core.autocrlf=true", "core.eol=crlf"]]


def commit(folder: Path) -> Path:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return folder


def changed(repository: Path, clone: Path, settings: list[str]) -> list[str]:
    """Clone as on Windows, and return the files whose line ends, or other bytes, changed."""
    options = [part for setting in settings for part in ("--config", setting)]
    git(repository.parent, "clone", "--quiet", *options, str(repository), str(clone))
    names = git(clone, "ls-files", "-z").split("\0")
    return [name for name in names if name and differs(repository / name, clone / name)]


def differs(file: Path, cloned: Path) -> bool:
    """Return whether a file changed, or is a text with line ends of Windows."""
    content = cloned.read_bytes()
    return content != file.read_bytes() or (b"\r\n" in content and b"\0" not in content)


@pytest.mark.parametrize("settings", SETTINGS)
def test_of_a_rendered_project(render: Render, tmp_path: Path, settings: list[str]) -> None:
    project = commit(Path(shutil.copytree(render(preset="full"), tmp_path / "project")))

    assert changed(project, tmp_path / "clone", settings) == []


@pytest.mark.parametrize("settings", SETTINGS)
def test_of_this_repository(tmp_path: Path, settings: list[str]) -> None:
    repository = commit(snapshot(tmp_path / "repository"))

    assert changed(repository, tmp_path / "clone", settings) == []

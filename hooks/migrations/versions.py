"""The three versions of a project that an update merges, each in its own folder."""

import os
import shutil
import subprocess
from functools import cached_property
from pathlib import Path

import copier


def git(*arguments: str, given: bytes | None = None, index: Path | None = None) -> bytes:
    """Run git in the project, with a separate index if one is given. Return its output."""
    command = ["git", "--literal-pathspecs", *arguments]
    env = {**os.environ, **({"GIT_INDEX_FILE": str(index)} if index else {})}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, input=given, env=env).stdout


def read(folder: Path, path: str) -> bytes | None:
    """Return the content of a file, or None if it does not exist."""
    file = folder / path
    return file.read_bytes() if file.is_file() and not file.is_symlink() else None


class Versions:
    """`ours` is what the user had committed, `base` the old template's render, `theirs` the new."""

    def __init__(self, template: str, answers: str, scratch: Path) -> None:
        self.template, self.answers, self.scratch = template, answers, scratch
        self.root = Path.cwd()
        # The path of the project in its repository.
        self.prefix = git("rev-parse", "--show-prefix").decode().rstrip("\n")
        index = scratch / "index"
        git("read-tree", "HEAD", index=index)
        # As they are stored, like the template's files: with the line ends of Unix.
        export = ["checkout-index", "--all", f"--prefix={scratch}/ours/"]
        git("-c", "core.autocrlf=false", *export, index=index)
        self.ours = scratch / "ours" / self.prefix
        self.base = self._render("VERSION_FROM", self.ours)

    @cached_property
    def theirs(self) -> Path:
        """The new render, made on first use: never in a project without edits."""
        return self._render("VERSION_TO", self.root)

    def _render(self, version: str, project: Path) -> Path:
        """Render a version of the template with a project's answers."""
        folder = self.scratch / version
        (folder / self.answers).parent.mkdir(parents=True)
        shutil.copyfile(project / self.answers, folder / self.answers)
        copier.run_copy(
            self.template,
            folder,
            vcs_ref=os.environ[version],
            answers_file=self.answers,
            defaults=True,
            overwrite=True,
            quiet=True,
        )
        return folder

    def is_edited(self, path: str) -> bool:
        """Return whether the user changed, deleted or added a file."""
        return read(self.ours, path) != read(self.base, path)

    def is_module(self, name: str) -> bool:
        """Return whether a dotted name is a module of the user's project."""
        path = name.replace(".", "/")
        return any((self.ours / file).is_file() for file in (f"{path}.py", f"{path}/__init__.py"))

"""Renders the template, each set of answers once a run, whatever the number of processes."""

import json
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import copier

from tests.questions import ROOT

Tree = dict[str, tuple[int, bytes]]


def git(folder: Path, *arguments: str) -> str:
    """Run git there and return what it said."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def working_tree() -> list[str]:
    """Return the files of this repository as git sees them: uncommitted too, ignored not."""
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    return [name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).exists()]


def snapshot(target: Path) -> Path:
    """Copy the working tree, so that edits made while the tests run do not mix into them."""
    for name in working_tree():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return target


class Renderer:
    """Renders one snapshot into a shared folder.

    Two processes may render the same answers at once; the second to finish drops its copy.
    """

    def __init__(self, source: Path, cache: Path) -> None:
        self.source = source
        self.cache = cache

    def __call__(self, **answers: Any) -> Path:
        """Return a project with these answers. It is shared: copy it before you change it."""
        key = sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:16]
        done = self.cache / key
        if not done.exists():
            fresh = self.cache / f"{key}.{os.getpid()}"
            copier.run_copy(
                str(self.source), fresh, data=answers, defaults=True, quiet=True, unsafe=False
            )
            try:
                fresh.rename(done)
            except OSError:
                shutil.rmtree(fresh)
        return done


def read_tree(top: Path) -> Tree:
    """Return mode and content of everything in a project but git's own folder; folders end in /."""
    tree: Tree = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        if name == ".git" or name.startswith(".git/"):
            continue
        if path.is_dir():
            tree[f"{name}/"] = (path.stat().st_mode & 0o777, b"")
        else:
            tree[name] = (path.stat().st_mode & 0o777, path.read_bytes())
    return tree

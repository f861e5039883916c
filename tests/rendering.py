"""Renders the template, once a run for each set of answers, in all processes together."""

import json
import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import Any

import copier
import pytest
import yaml
from copier._main import Worker
from jinja2 import Environment

from tests.questions import ROOT

Tree = dict[str, tuple[int, bytes]]

_compile = Environment.compile
_render_string = Worker._render_string
_compiled: dict[tuple[str, type[Environment], tuple[bool, ...]], CodeType] = {}
ENOUGH_MEMORY_BYTES = 4 * 1024**3


def compile_once(self: Environment, source: Any, *arguments: Any, **options: Any) -> Any:
    """Compile a text of Jinja once, in place of `Environment.compile`.

    Copier compiles the name of each file anew for each file: half of the time of an update.
    """
    if arguments or options or not isinstance(source, str):
        return _compile(self, source, *arguments, **options)
    rules = (self.trim_blocks, self.lstrip_blocks, self.keep_trailing_newline)
    key = (source, type(self), rules)
    if key not in _compiled:
        _compiled[key] = _compile(self, source)
    return _compiled[key]


def render_string(self: Worker, string: Any, *arguments: Any, **options: Any) -> str:
    """Return a text without Jinja as it is, in place of `Worker._render_string`.

    Copier puts all answers together anew for each part of each path.
    """
    return string if "{" not in string else _render_string(self, string, *arguments, **options)


def answers_relpath(self: Worker) -> Path:
    """Return the path of the answers file, in place of the property: it holds no Jinja here."""
    return Path(self.answers_file or self.template.answers_relpath)


def accelerate(patch: pytest.MonkeyPatch) -> None:
    """Make Copier eight times as fast, and change nothing else: it takes a large part of a run."""
    patch.setattr(Environment, "compile", compile_once)
    patch.setattr(Worker, "_render_string", render_string)
    patch.setattr(Worker, "answers_relpath", property(answers_relpath))
    # It starts a process of git for each file that it writes, to ask for `core.fileMode`, which no
    # test sets.
    patch.setattr(Worker, "_sync_git_index_executable_bit", lambda *_arguments: None)
    patch.setattr(yaml, "SafeLoader", yaml.CSafeLoader)
    patch.setattr(tempfile, "tempdir", folder_in_memory())


def folder_in_memory() -> str | None:
    """Return the fastest temporary folder: Copier writes each project three times a run."""
    memory = Path("/dev/shm")  # noqa: S108  (a place, and the names in it are random)
    if not os.environ.get("TMPDIR") and memory.is_dir():
        return str(memory) if shutil.disk_usage(memory).free > ENOUGH_MEMORY_BYTES else None
    return None


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return its output."""
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

    Two processes may render the same answers at once; the second one deletes its copy.
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
    """Return mode and content of all files but git's own; the names of folders end in /."""
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

"""Shares compiled modules of libraries between the environments of rendered projects.

uv links the files of its cache into every environment, where Python compiles each module again:
seconds for a service. What was compiled is valid for a source with the same time and size, which
another link to the same file has.
"""

import contextlib
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

CACHE = "__pycache__"


class Bytecode:
    """Compiled modules in a folder, each under the file that it was compiled from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def install(self, project: Path) -> None:
        """Install a project, and link what is known."""
        subprocess.run(["uv", "sync", "--quiet"], cwd=project, check=True)
        self.link(project)

    def link(self, project: Path) -> int:
        """Link what is known into the environment of a project; return how many modules."""
        known: dict[str, list[str]] = defaultdict(list)
        for name in (path.name for path in self.folder.iterdir()):
            known[name.partition(".")[0]].append(name)
        linked = 0
        for source in _modules(project):
            for name in known.get(_key(source), ()):
                target = source.parent / CACHE / name.partition(".")[2]
                target.parent.mkdir(exist_ok=True)
                with contextlib.suppress(OSError):
                    os.link(self.folder / name, target)
                    linked += 1
        return linked

    def keep(self, project: Path) -> int:
        """Keep what Python has compiled in the environment of a project; return how many."""
        kept = 0
        for source in _modules(project):
            # Not what pytest has rewritten: it names the file in its tracebacks.
            for compiled in (source.parent / CACHE).glob(f"{source.stem}.cpython-???.pyc"):
                with contextlib.suppress(OSError):
                    os.link(compiled, self.folder / f"{_key(source)}.{compiled.name}")
                    kept += 1
        return kept


def _modules(project: Path) -> Iterator[Path]:
    return (project / ".venv/lib").glob("python3*/site-packages/**/*.py")


def _key(source: Path) -> str:
    status = source.stat()
    return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"

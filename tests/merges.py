"""Merges hundreds of texts as `copier update` does, with one `git apply`."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.coverage_summary import count_covered
from tests.rendering import git


@dataclass(frozen=True, slots=True)
class Merge:
    """A file that the user and the template have changed, and the expected result."""

    name: str
    old: str
    edited: str
    new: str
    expected: str


def wrong(merges: Sequence[Merge], folder: Path, context: int) -> list[str]:
    """Return the names of the merges with a conflict or an unexpected result.

    See `_apply_update` in Copier: the user's changes, as a patch with some lines of context, are
    applied to the new render; where that fails, the three versions of the file are merged.
    """
    count_covered("merges", len(merges))
    git(folder, "init", "--quiet")
    trees = [
        store(folder, [merge.old for merge in merges]),
        store(folder, [merge.edited for merge in merges]),
    ]
    options = [f"--unified={context}", "--inter-hunk-context=-1"]
    patch = git(folder, "diff-tree", *options, *trees)
    write(folder, [merge.new for merge in merges])
    apply = ["git", "-C", str(folder), "apply", "--reject"]
    subprocess.run(apply, input=patch, text=True, capture_output=True, check=False)
    for rejected in folder.glob("*.rej"):
        merge_whole(folder / rejected.stem, merges[int(rejected.stem)])
    results = [(folder / str(number)).read_text() for number in range(len(merges))]
    pairs = zip(merges, results, strict=True)
    return [merge.name for merge, result in pairs if result != merge.expected]


def merge_whole(path: Path, merge: Merge) -> None:
    """Merge the three versions of one file, as Copier does after a patch was rejected."""
    old, new = path.with_suffix(".old"), path.with_suffix(".new")
    old.write_text(merge.old)
    new.write_text(merge.new)
    path.write_text(merge.edited)
    command = ["git", "merge-file", str(path), str(old), str(new)]
    subprocess.run(command, capture_output=True, check=False)


def write(folder: Path, texts: Sequence[str]) -> None:
    """Write texts into numbered files."""
    for number, text in enumerate(texts):
        (folder / str(number)).write_text(text)


def store(folder: Path, texts: Sequence[str]) -> str:
    """Write texts, and return their git tree."""
    write(folder, texts)
    git(folder, "add", "--all")
    return git(folder, "write-tree").strip()

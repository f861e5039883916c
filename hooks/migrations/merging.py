"""Three-way merges of texts by `git merge-file`, and the changes to a file that was split."""

import re
import subprocess
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

# The labels of Copier's own conflict markers.
OURS, BASE, THEIRS = "before updating", "last update", "after updating"
MARKER = re.compile(rb"^<{7} before updating\r?$", re.MULTILINE)
CONFLICT = re.compile(
    rb"^<{7} before updating\r?\n(.*?)^={7}\r?\n(.*?)^>{7} after updating\r?\n",
    re.MULTILINE | re.DOTALL,
)
IMPORTS = re.compile(rb"(?:[ \t]*(?:from|import)\s[^(\n]*\n|\s*\n)*")


def has_conflict(text: bytes) -> bool:
    """Return whether a text has conflict markers."""
    return MARKER.search(text) is not None


def merge(ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """Merge three versions of a file, with conflict markers. Return None for binary files."""
    if ours == base:
        return theirs
    if theirs == base:
        return ours
    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in (OURS, BASE, THEIRS)]
        for path, content in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(content)
        labels = [option for path in paths for option in ("-L", path.name)]
        command = ["git", "merge-file", "-p", *labels, *map(str, paths)]
        done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode > 127:  # up to 127 it is the number of conflicts
        return None
    known = set(base.splitlines())
    return CONFLICT.sub(lambda conflict: _join_imports(conflict, known), done.stdout)


def _join_imports(conflict: re.Match[bytes], known: set[bytes]) -> bytes:
    """Resolve a conflict between import statements by keeping both sides."""
    ours, theirs = conflict.groups()
    if not IMPORTS.fullmatch(ours + theirs):
        return conflict[0]
    there = known | set(theirs.splitlines())
    return theirs + b"".join(line for line in ours.splitlines(True) if line.rstrip() not in there)


def changes_for(target: int, ours: bytes, base: bytes, targets: list[bytes]) -> bytes:
    """Return the base with those of our changes that belong to one of the files it was split into.

    A change goes to the file that has most of the lines around it; imports go to all of them.
    """
    old, new = base.splitlines(True), ours.splitlines(True)
    texts = [set(text.splitlines(True)) for text in targets]
    kept: list[bytes] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        before, after = old[start:end], new[new_start:new_end]
        around = [line for line in old[max(start - 3, 0) : end + 3] if line.strip()]
        scores = [sum(line in text for line in around) for text in texts]
        belongs = scores.index(max(scores)) == target or IMPORTS.fullmatch(b"".join(before + after))
        kept += after if kind != "equal" and belongs else before
    return b"".join(kept)

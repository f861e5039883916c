"""Read commits of the project's repository."""

import subprocess
from pathlib import Path

# The remote's default branch if it is known, then the usual names.
REMOTE_BRANCHES = ("origin/HEAD", "origin/main", "origin/master")
LOCAL_BRANCHES = ("main", "master")


class GitError(Exception):
    """Git cannot do what was asked. The message is a sentence."""


def git(folder: Path, *arguments: str) -> str | None:
    """Return the output of a Git command; None if it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8"
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def default_branch(folder: Path) -> str | None:
    """Return the default branch, the remote's if there is one; None without a repository."""
    names = (*REMOTE_BRANCHES, *LOCAL_BRANCHES)
    return next((name for name in names if commit(folder, name)), None)


def read_file(folder: Path, reference: str, path: str) -> str | None:
    """Return a file of a commit; None if the commit lacks it. Raises `GitError` for no commit."""
    if not commit(folder, reference):
        raise GitError(f"{reference} is no commit of this repository.")
    # `./`: the project may be a folder of a larger repository.
    return git(folder, "show", f"{reference}:./{path}")


def commit(folder: Path, reference: str) -> str | None:
    """Return the hash of a commit; None if there is no such commit."""
    name = f"{reference}^{{commit}}"
    return git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name)


def merge_target(folder: Path) -> str | None:
    """Return the branch that changes are merged into.

    It is the remote's default branch, or, without a remote, the local one while it is not
    checked out; None otherwise.
    """
    current = (git(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or "").strip()
    names = (*REMOTE_BRANCHES, *(name for name in LOCAL_BRANCHES if name != current))
    return next((name for name in names if commit(folder, name)), None)


def file_names(folder: Path, reference: str, path: str) -> set[str]:
    """Return the names of the files that a folder has in a commit."""
    listing = git(folder, "ls-tree", "--name-only", reference, f"./{path}/") or ""
    return {Path(line).name for line in listing.splitlines()}

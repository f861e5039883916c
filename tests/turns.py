"""What a run leaves to other days: parts of one kind take turns, and a few days cover all."""

import subprocess
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import TypeVar

from tests.questions import ROOT
from tests.rendering import git

PartT = TypeVar("PartT")
TODAY = date.today().toordinal()


def of_day(parts: Sequence[PartT], days: int, day: int = TODAY) -> list[PartT]:
    """Return the parts whose turn it is on a day: within so many days, all have theirs."""
    return list(parts[day % days :: days])


@cache
def changed() -> frozenset[str]:
    """Return the files that differ from `main`, uncommitted too; none on `main` itself."""
    base = "HEAD"
    for main in ("origin/main", "main"):
        command = ["git", "-C", ROOT, "merge-base", "HEAD", main]
        found = subprocess.run(command, check=False, capture_output=True, text=True)
        base = found.stdout.strip() or base
    return frozenset(git(ROOT, "diff", "--name-only", base).splitlines())

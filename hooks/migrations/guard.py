"""Tells the project that is being updated from the folders Copier renders beside it.

Written for the standard library alone: a migration script imports it from its own folder.
"""

import os
import subprocess
import sys
from pathlib import Path

ANSWERS = ".copier-answers.yml"


def project() -> Path:
    """Return the project a migration may change, or end the script.

    Ends quietly in a replay, and with a message when Copier did not start the script at all.
    """
    if os.environ.get("COPIER_OPERATION") != "update" or "VERSION_FROM" not in os.environ:
        sys.exit("A migration is run by `copier update`, not by hand.")
    folder = Path.cwd()
    if not is_project(folder):
        sys.exit(0)
    return folder


def is_project(folder: Path) -> bool:
    """Say whether git tracks an answers file there: in a rendered reference it never does.

    Copier refuses to update a project with uncommitted changes, so in a real one it always does.
    """
    tracked = ["git", "ls-files", "--error-unmatch", "--", ANSWERS]
    return subprocess.run(tracked, cwd=folder, capture_output=True, check=False).returncode == 0

"""Stops a migration that was not started by an update of a project.

It uses only the standard library: a migration script imports it from its own folder.
"""

import os
import subprocess
import sys
from pathlib import Path

UNKNOWN = """\
The update is not complete: git knows no {answers} here, so the answers before it are not known.
Undo the update by `git reset --hard && git clean --force -d`, commit that file
(`git add --force {answers}`), and start the update again.
"""


def project(answers: str = ".copier-answers.yml") -> Path:
    """Return the project's folder, or stop the script with the reason.

    `answers` is the answers file: `{{ _copier_conf.answers_file }}` in copier.yml.
    """
    if os.environ.get("COPIER_OPERATION") != "update" or "VERSION_FROM" not in os.environ:
        sys.exit("A migration is run by `copier update`, not by hand.")
    folder = Path.cwd()
    if not is_project(folder, answers):
        sys.exit(UNKNOWN.format(answers=answers))
    return folder


def is_project(folder: Path, answers: str) -> bool:
    """Say whether git tracks the answers file there."""
    tracked = ["git", "ls-files", "--error-unmatch", "--", answers]
    return subprocess.run(tracked, cwd=folder, capture_output=True, check=False).returncode == 0

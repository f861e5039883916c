"""Reads released templates from this repository's history: tags may be absent in a clone."""

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier
import pytest
from packaging.version import Version

from renames import Renames
from tests import questions
from tests.questions import ROOT
from tests.rendering import git, snapshot


@dataclass(frozen=True, slots=True)
class Release:
    """A released version of the template."""

    version: str
    commit: str
    gone: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()

    def files(self) -> list[str]:
        """Return the paths under its template/."""
        listed = git(ROOT, "ls-tree", "-r", "--name-only", self.available(), "--", "template")
        return [name.removeprefix("template/") for name in listed.splitlines()]

    def read(self, name: str) -> str:
        """Return a file of that version."""
        return git(ROOT, "show", f"{self.available()}:{name}")

    def extract(self, target: Path) -> Path:
        """Write all files into a folder."""
        # With the modes of a clone: folders are compared too.
        options = ["-c", "tar.umask=0022"]
        command = ["git", "-C", str(ROOT), *options, "archive", self.available()]
        archive = subprocess.run(command, check=True, capture_output=True).stdout
        target.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-x", "-C", str(target)], input=archive, check=True)
        return target

    def needs_trust(self) -> bool:
        """Return whether an update from it runs migrations."""
        return bool(migrations(self.version))

    def renames(self) -> Renames:
        """Return the renames that an update from it carries edits over."""
        lists = [path.with_suffix(".txt") for path in migrations(self.version)]
        return Renames("\n".join(path.read_text() for path in lists if path.exists()))

    def available(self) -> str:
        """Return the commit, or fail with the command that fetches it."""
        look = ["git", "-C", str(ROOT), "cat-file", "-e", f"{self.commit}^{{commit}}"]
        if subprocess.run(look, capture_output=True, check=False).returncode:
            pytest.fail(
                f"This clone lacks release {self.version} ({self.commit}): it is shallow, or not a "
                "clone of the whole history. `git fetch --unshallow` brings the rest.",
                pytrace=False,
            )
        return self.commit


def releases() -> list[Release]:
    """Return the releases in tests/releases.toml, oldest first."""
    table = tomllib.loads((ROOT / "tests/releases.toml").read_text())["release"]
    listed = ("gone", "everywhere")
    return [
        Release(row["version"], row["commit"], *(tuple(row.get(key, ())) for key in listed))
        for row in table
    ]


def changed_since_the_last() -> list[str]:
    """Return the paths of this repository that differ from the last release, uncommitted too."""
    commit = releases()[-1].available()
    return git(ROOT, "diff", "--name-only", "--no-renames", commit).splitlines()


def version() -> str:
    """Return the version in pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def migrations(version: str) -> list[Path]:
    """Return the migrations that an update from a version runs, which require trust."""
    return [
        Path(entry["command"][1].replace("{{ _copier_conf.src_path }}", str(ROOT)))
        for entry in questions.config().get("_migrations", [])
        if Version(entry["version"]) > Version(version)
    ]


def next_version() -> str:
    """Return a version for the working tree: no older than the migrations that it brings."""
    brought = [entry["version"] for entry in questions.config().get("_migrations", [])]
    newest = max(Version(name) for name in [version(), *brought])
    return f"{newest.base_version}.post1"


def history(release: Release, target: Path) -> Path:
    """Return a repository with that release, and the working tree as the one after it."""
    repository = release.extract(target)
    git(repository, "init", "--quiet")
    save(repository, release.version)
    git(repository, "rm", "-r", "--quiet", ".")
    save(snapshot(repository), next_version())
    return repository


def copy(repository: Path, target: Path, ref: str = "HEAD", **answers: Any) -> Path:
    """Copy a project from a release, or from the working tree."""
    copier.run_copy(
        str(repository), target, data=answers, vcs_ref=ref, defaults=True, quiet=True, unsafe=False
    )
    return target


def save(repository: Path, tag: str) -> None:
    """Commit all changes as a release."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", tag)
    git(repository, "tag", tag)

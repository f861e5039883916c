"""Version, changelog, list of releases and release workflow are consistent."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from pathspec import GitIgnoreSpec

from tests import pipelines, questions, releases
from tests.questions import ROOT
from tests.rendering import git
from tests.test_sources import output, sources

RELEASES = releases.releases()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
LATEST = RELEASES[-1]
WORKFLOWS = ROOT / pipelines.WORKFLOWS
HEADING = re.compile(r"^## (\d\S*) - \d{4}-\d{2}-\d{2}$", re.MULTILINE)
UNRELEASED = re.compile(r"^## (Unreleased)$", re.MULTILINE)


def in_changelog() -> list[str]:
    """Return the versions in the changelog, newest first."""
    return HEADING.findall(CHANGELOG)


def missing(then: Sequence[str], now: Sequence[str], listed: tuple[str, ...]) -> list[str]:
    """Return the paths that are no longer rendered and have no reason."""
    gone = {output(name) for name in then} - {output(name) for name in now}
    return sorted(gone - set(listed))


def test_releases_are_listed_oldest_first_and_come_from_this_history() -> None:
    versions = [Version(release.version) for release in RELEASES]

    assert versions == sorted(set(versions))
    for release in RELEASES:
        assert git(ROOT, "merge-base", release.available(), "HEAD").strip() == release.commit


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)
def test_a_release_has_the_version_in_its_own_files(release: releases.Release) -> None:
    named = tomllib.loads(release.read("pyproject.toml"))["project"]["version"]

    assert Version(named) == Version(Version(release.version).base_version)
    if not Version(release.version).is_prerelease:
        assert f"\n## {release.version} - " in release.read("CHANGELOG.md")


def test_the_version_here_is_the_newest_and_in_the_changelog() -> None:
    here = Version(releases.version())
    full = [r.version for r in RELEASES if not Version(r.version).is_prerelease]

    assert here >= Version(LATEST.version)
    versions = in_changelog()
    assert versions == sorted(versions, key=Version, reverse=True)
    assert set(versions) - {str(here)} == set(full) - {str(here)}
    assert str(here) in versions or here < Version("1")


def test_each_section_of_the_changelog_can_be_the_notes_of_a_release() -> None:
    for name in [*UNRELEASED.findall(CHANGELOG), *in_changelog()]:
        command = [ROOT / ".ci/release-notes", name]
        notes = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert notes.strip() in CHANGELOG
        assert notes.startswith("### ") or notes.strip()


def test_a_version_without_notes_is_not_released() -> None:
    command = [ROOT / ".ci/release-notes", "99.0.0"]
    refused = subprocess.run(command, check=False, capture_output=True, text=True)

    assert refused.returncode == 1
    assert "no section ## 99.0.0" in refused.stderr


def test_the_workflow_releases_only_commits_that_passed_the_nightly_run() -> None:
    nightly, release = (
        pipelines.read(WORKFLOWS / f"{name}.yml") for name in ("nightly", "release")
    )
    checkout, *_, suite = nightly["jobs"]["test-all"]["steps"]
    script = release["jobs"]["release"]["steps"][-1]["run"]

    assert checkout["with"]["fetch-depth"] == 0
    assert suite["run"] == ".ci/run test-all"
    assert nightly["jobs"]["release"]["needs"] == "test-all"
    assert nightly["jobs"]["release"]["uses"] == "$/.github/workflows/release.yml"
    assert list(release["on"]) == ["workflow_call"]
    assert '--target "$GITHUB_SHA"' in script
    line = next(line for line in script.splitlines() if line.startswith("version="))
    found = subprocess.run(
        ["sh", "-c", f'{line}; echo "$version"'],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert found.stdout.strip() == releases.version()
    assert script.index(".ci/release-notes") < script.index("gh release create")


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)
def test_removed_output_paths_have_a_reason(release: releases.Release) -> None:
    then = release.files()

    later = releases.releases()[releases.releases().index(release) :]
    gone = tuple(name for one in later for name in one.gone)
    moved = tuple(release.renames().files)

    assert len(then) > 100
    assert missing(then, sources(), gone + moved) == []
    assert set(release.gone) <= {output(name) for name in then} - set(map(output, sources()))


def test_a_renamed_output_path_is_reported() -> None:
    renamed = [name.replace("app/models/item.py", "app/models/goods.py") for name in sources()]

    assert missing(sources(), renamed, ()) == ["app/models/item.py"]
    assert missing(sources(), renamed, ("app/models/item.py",)) == []


def switched(config: dict[str, Any], names: Sequence[str]) -> set[str]:
    """Return the rendered paths that some answer excludes."""
    owners = [paths for name, paths in questions.exclusions(config).items() if name[0] != "_"]
    spec = GitIgnoreSpec.from_lines([path for paths in owners for path in paths])
    return set(spec.match_files(map(output, names)))


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)
def test_what_could_be_switched_off_still_can(release: releases.Release, tmp_path: Path) -> None:
    config = questions.config(release.extract(tmp_path / release.version))
    then = switched(config, release.files())
    always = set(map(output, sources())) - switched(questions.config(), sources())

    assert len(then) > 30
    assert then & always == set(release.everywhere)


def test_a_path_that_is_missing_from_its_block_is_reported(tmp_path: Path) -> None:
    shutil.copy(ROOT / "copier.yml", tmp_path)
    shutil.copytree(ROOT / "config", tmp_path / "config")
    files = tmp_path / "config/files.yml"
    files.write_text(files.read_text().replace("    docs/cache.md\n", ""))

    lost = switched(questions.config(), sources()) - switched(questions.config(tmp_path), sources())

    assert lost == {"docs/cache.md"}


def test_a_shallow_clone_fails_with_the_missing_commit() -> None:
    unknown = releases.Release("1.2.3", "0" * 40)

    with pytest.raises(pytest.fail.Exception, match=r"1\.2\.3 .*`git fetch --unshallow`"):
        unknown.files()

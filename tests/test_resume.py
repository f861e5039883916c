"""`just test-all` skips tests that passed on the same files and versions, and no others."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import resume
from tests.conftest import Render
from tests.rendering import Renderer, git

pytest_plugins = ["pytester"]

TESTS = """
from pathlib import Path

def test_that_passes(): pass
def test_that_fails(): assert False
def test_that_fails_at_its_end(request): request.addfinalizer(lambda: 1 / 0)
def test_of_a_project(skip_if_passed): skip_if_passed(Path("project"))
"""
Outcomes = Callable[..., dict[str, int]]


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    """Return a project with a lock file."""
    project = pytester.mkdir("project")
    (project / resume.ANSWERS).write_text("_src_path: /source\npreset: minimal\n")
    (project / "uv.lock").write_text("version = 1\n")
    git(project, "init", "--quiet")
    return project


@pytest.fixture
def outcomes(pytester: pytest.Pytester, project: Path, monkeypatch: pytest.MonkeyPatch) -> Outcomes:
    """Return a function that runs these tests and counts outcomes: `outcomes("--resume")`."""
    monkeypatch.setattr(resume, "FOLDER", pytester.path / "passed")
    monkeypatch.setattr(resume, "_repository", lambda: b"as it is")
    monkeypatch.setattr(resume, "count_covered", lambda _: None)  # it is the outer run's table
    pytester.makepyfile(TESTS)

    def run(*options: str) -> dict[str, int]:
        ran = pytester.runpytest_inprocess("-p", "tests.resume", "-p", "no:xdist", *options)
        return ran.parseoutcomes()

    return run


def test_what_passed_is_skipped_and_what_failed_is_not(outcomes: Outcomes) -> None:
    assert outcomes("--resume") == {"passed": 3, "failed": 1, "errors": 1}

    assert outcomes("--resume") == {"passed": 1, "failed": 1, "errors": 1, "skipped": 2}
    assert outcomes() == {"passed": 3, "failed": 1, "errors": 1}


def test_a_change_of_the_repository_runs_all_but_the_tests_of_unchanged_projects(
    outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes("--resume")

    monkeypatch.setattr(resume, "_repository", lambda: b"changed")

    assert outcomes("--resume") == {"passed": 2, "failed": 1, "errors": 1, "skipped": 1}


@pytest.mark.parametrize("name", ["uv.lock", "app.py", resume.ANSWERS])
def test_a_change_of_the_project_or_its_versions_runs_its_tests(
    outcomes: Outcomes, project: Path, name: str
) -> None:
    outcomes("--resume")

    (project / name).write_text("changed\n")

    assert outcomes("--resume") == {"passed": 2, "failed": 1, "errors": 1, "skipped": 1}


@pytest.mark.parametrize("preset", ["minimal", "full"])
def test_a_project_is_the_same_in_each_run(
    source: Path, render: Render, tmp_path: Path, preset: str
) -> None:
    first = shutil.copytree(render(preset=preset), tmp_path / "first")
    again = Renderer(shutil.copytree(source, tmp_path / "source"), tmp_path)(preset=preset)

    for project in (first, again):
        git(project, "init", "--quiet")

    assert (first / resume.ANSWERS).read_bytes() != (again / resume.ANSWERS).read_bytes()
    assert resume.project_digests(first) == resume.project_digests(again)


def test_other_tools_or_another_python_run_everything(
    outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes("--resume")

    monkeypatch.setattr(resume, "_tools", lambda: b"another Python")

    assert outcomes("--resume") == {"passed": 3, "failed": 1, "errors": 1}


def test_fresh_runs_everything(outcomes: Outcomes) -> None:
    outcomes("--resume")

    assert outcomes("--resume", "--fresh") == {"passed": 3, "failed": 1, "errors": 1}


def test_a_failure_is_printed_before_the_tests_after_it(
    outcomes: Outcomes, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes("--resume", "-v")
    printed = capsys.readouterr().out
    outcomes("-v")

    assert printed.index("assert False") < printed.index("::test_that_fails_at_its_end")
    assert "ZeroDivisionError" in printed[: printed.index("::test_of_a_project")]
    usual = capsys.readouterr().out
    assert usual.index("assert False") > usual.index("::test_of_a_project")


def test_the_working_tree_is_what_a_test_depends_on() -> None:
    everything = subprocess.run(
        ["git", "-C", resume.ROOT, "ls-files"], check=True, capture_output=True, text=True
    ).stdout.splitlines()

    assert len(resume._repository()) >= 32 * len(everything)

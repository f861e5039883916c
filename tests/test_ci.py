"""Linters for the pipelines of GitHub and GitLab, and checks that no linter makes."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import combinations, pipelines
from tests.conftest import Render
from tests.questions import ROOT
from tests.rendering import git

ROWS = combinations.few(paper=True)
PINNED = re.compile(r"^ *-? *uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OWN = re.compile(r"^ *uses: \$/\.github/workflows/[\w-]+\.yml$")
STYLE = """
extends: default
rules:
  line-length: {max: 110}
  document-start: disable
  truthy: {check-keys: false}
  comments: {min-spaces-from-content: 1}
"""
SERVERS = {"asyncpg": "postgres", "redis[hiredis]": "redis"}

Distinct = list[Path]


@pytest.fixture(params=ROWS.values(), ids=list(ROWS))
def project(request: pytest.FixtureRequest, render: Render) -> Path:
    """Return one rendered row."""
    return render(**request.param)


@pytest.fixture(scope="session")
def distinct(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Distinct:
    """Return a repository for each distinct set of pipelines, and one with this repository's."""
    top = tmp_path_factory.mktemp("pipelines")
    seen: dict[str, Path] = {}
    for source in [ROOT, *(render(**answers) for answers in ROWS.values())]:
        found = [*(source / ".github").rglob("*.yml"), *source.glob(pipelines.GITLAB)]
        content = "\n".join(path.read_text() for path in sorted(found))
        if not found or content in seen:
            continue
        seen[content] = top / str(len(seen))
        for path in found:
            copied = seen[content] / path.relative_to(source)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copied)
        git(seen[content], "init", "--quiet")
    return list(seen.values())


def workflows(folder: Path) -> list[Path]:
    return sorted((folder / pipelines.WORKFLOWS).glob("*.yml"))


def say(*command: str | Path, folder: Path) -> str:
    """Run a tool, and return its output if it finds anything."""
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    return f"{folder}\n{done.stdout}{done.stderr}" if done.returncode else ""


def jobs(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in workflows(folder):
        for name, job in pipelines.read(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def test_there_are_pipelines_of_every_kind(distinct: Distinct) -> None:
    names = {path.name for folder in distinct for path in workflows(folder)}

    assert {"ci.yml", "image.yml", "deploy.yml", "update.yml"} <= names
    assert len(distinct) > 8
    assert any((folder / pipelines.GITLAB).exists() for folder in distinct)


def test_actionlint_and_shellcheck_find_nothing(distinct: Distinct) -> None:
    assert shutil.which("shellcheck")
    found = [say("actionlint", folder=folder) for folder in distinct if workflows(folder)]

    assert not any(found), "\n".join(found)


def test_zizmor_finds_nothing(distinct: Distinct) -> None:
    found = [
        say("zizmor", "--offline", "--quiet", ".github", folder=folder)
        for folder in distinct
        if workflows(folder)
    ]

    assert not any(found), "\n".join(found)


def test_yamllint_finds_nothing(distinct: Distinct) -> None:
    found = [say("yamllint", "--strict", "-d", STYLE, ".", folder=folder) for folder in distinct]

    assert not any(found), "\n".join(found)


@pytest.mark.parametrize(
    ("schema", "pattern"),
    [
        ("github-workflows", f"{pipelines.WORKFLOWS}/*.yml"),
        ("dependabot", ".github/dependabot.yml"),
        ("gitlab-ci", pipelines.GITLAB),
    ],
)
def test_every_file_follows_its_schema(distinct: Distinct, schema: str, pattern: str) -> None:
    files = [path for folder in distinct for path in folder.glob(pattern)]

    assert files
    assert not say("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files, folder=ROOT)


def test_every_action_is_pinned_to_a_commit_with_its_version(distinct: Distinct) -> None:
    lines = [
        line
        for folder in distinct
        for path in workflows(folder)
        for line in path.read_text().splitlines()
        if "uses:" in line
    ]

    assert len(lines) > 20
    assert [line for line in lines if not PINNED.match(line) and not OWN.match(line)] == []


def test_an_action_has_the_same_version_everywhere(distinct: Distinct) -> None:
    texts = [path.read_text() for folder in distinct for path in workflows(folder)]
    used = {tuple(found) for text in texts for found in re.findall(r"uses: (\S+)@(.+)", text)}

    assert len({action for action, _ in used}) == len(used), sorted(used)


def test_workflows_have_no_permissions_and_every_job_declares_its_own(distinct: Distinct) -> None:
    heads = [pipelines.read(path) for folder in distinct for path in workflows(folder)]
    found = [(name, job) for folder in distinct for name, job in jobs(folder)]

    assert [head["name"] for head in heads if head["permissions"] != {}] == []
    assert [name for name, job in found if not isinstance(job.get("permissions"), dict)] == []
    writing = {name for name, job in found if "write" in job["permissions"].values()}
    assert writing == {
        "ci.yml: image",
        "ci.yml: staging",
        "image.yml: image",
        "nightly.yml: release",
        "release.yml: release",
        "update.yml: update",
    }


def test_an_image_is_signed_where_github_does_that(project: Path) -> None:
    """In a private repository without Enterprise Cloud, it fails when the image is pushed."""
    image = project / pipelines.WORKFLOWS / "image.yml"
    if not image.exists():
        return
    steps = pipelines.read(image)["jobs"]["image"]["steps"]
    (signing,) = [step for step in steps if step.get("uses", "").startswith("actions/attest-")]

    assert signing["if"] == "${{ !github.event.repository.private || vars.ATTEST == 'true' }}"
    assert "`ATTEST` to\n`true`" in (project / "docs/ci.md").read_text()


def test_every_job_has_a_timeout_and_keeps_no_credentials(distinct: Distinct) -> None:
    found = [(name, job) for folder in distinct for name, job in jobs(folder) if "steps" in job]

    assert [name for name, job in found if "timeout-minutes" not in job] == []
    for name, job in found:
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


def test_a_deployment_has_time_for_the_migration_and_the_rollout(project: Path) -> None:
    folder = project / "deploy/kubernetes"
    github, gitlab = project / pipelines.WORKFLOWS / "deploy.yml", project / pipelines.GITLAB
    if not folder.exists() or not (github.exists() or gitlab.exists()):
        return
    seconds = pipelines.read(folder / "base/migrate.yaml")["spec"]["activeDeadlineSeconds"]
    [rollout] = re.findall(r"--timeout=(\d+)m$", (folder / "deploy.sh").read_text(), re.MULTILINE)

    if github.exists():
        given = pipelines.read(github)["jobs"]["deploy"]["timeout-minutes"]
    else:
        given = {"1 hour": 60}[pipelines.read(gitlab)[".deploy"]["timeout"]]
    assert given >= seconds / 60 + int(rollout) + 5


def test_a_job_waits_only_for_jobs_that_exist(distinct: Distinct) -> None:
    for folder in distinct:
        for path in workflows(folder):
            known = pipelines.read(path)["jobs"]
            for job in known.values():
                needs = job.get("needs", [])
                assert {needs} if isinstance(needs, str) else set(needs) <= set(known)
        for path in folder.glob(pipelines.GITLAB):
            known, stages = pipelines.gitlab_jobs(folder), pipelines.read(path)["stages"]
            assert {job["stage"] for job in known.values()} == set(stages)
            assert all(set(job.get("needs", [])) <= set(known) for job in known.values())


def test_every_script_is_valid_for_the_shell(distinct: Distinct) -> None:
    for folder in distinct:
        for step in pipelines.scripts(folder):
            assert not say("bash", "-n", "-c", step.script, folder=folder)


def test_every_recipe_that_a_pipeline_or_its_page_names_exists(project: Path) -> None:
    listed = subprocess.run(
        ["just", "--summary"], cwd=project, check=True, capture_output=True, text=True
    )
    named = pipelines.recipes("\n".join(step.script for step in pipelines.scripts(project)))
    page = project / "docs/ci.md"
    named |= pipelines.recipes(page.read_text()) if page.exists() else set()

    assert named <= set(listed.stdout.split())
    assert not named or {"check", "test-all", "audit", "update"} <= named


def test_the_tests_run_on_the_servers_that_the_service_depends_on(project: Path) -> None:
    requirements = (project / "pyproject.toml").read_text()
    needed = {server for package, server in SERVERS.items() if f'"{package}>=' in requirements}
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())

    if answers["ci"] == "github":
        test = pipelines.read(project / pipelines.WORKFLOWS / "ci.yml")["jobs"]["test"]
        assert set(test.get("services", {})) == needed
        assert len(test.get("env", {})) == len(needed)
    elif answers["ci"] == "gitlab":
        test = pipelines.gitlab_jobs(project)["test"]
        assert {service["alias"] for service in test.get("services", [])} == needed
    else:
        assert not (project / ".github").exists()
        assert not (project / pipelines.GITLAB).exists()

"""Runs the steps of the pipelines on a rendered project, as the runners do."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import copier
import pytest

from tests import pipelines
from tests.conftest import Render
from tests.pipelines import Step
from tests.rendering import git
from tests.turns import taking_turns

pytestmark = pytest.mark.service

FORGES = ("github", "gitlab")
JOBS = ("check", "test", "audit")
# The whole suite of these services runs in tests/test_service.py; here, it is about the step.
BRIEF = {"PYTEST_ADDOPTS": "--cov-fail-under=0 -k test_config"}
MINIMAL = {"preset": "minimal", "database": "sqlite"}
# What a runner's service containers are: servers at the addresses the job names. Here, the
# project starts its own, and they take the place of those addresses.
SERVED = """uv run python -m dev run bash -e -c '
    database="${DATABASE_URL%/*}/app_test" redis="${REDIS_URL:-}"
    unset DATABASE_URL REDIS_URL
    if [ -n "${TEST_DATABASE_URL:-}" ]; then export TEST_DATABASE_URL="$database"; fi
    if [ -n "${TEST_REDIS_URL:-}" ]; then export TEST_REDIS_URL="$redis"; fi
    eval "$STEP"'"""
NO_PROCESSES = {"PYTEST_ADDOPTS": "--cov-fail-under=0 -m 'not process'"}
THOROUGH = [
    pytest.param("standard", "github", {}, marks=pytest.mark.thorough),
    pytest.param("full", "gitlab", NO_PROCESSES, marks=pytest.mark.thorough),
]
GH = """#!/usr/bin/env bash
# A fake `gh`: `gh api` responds for a branch, other calls are recorded.
echo "$GH_TOKEN $*" >> "$RECORD"
case "$1 $2" in
    "api --silent") git ls-remote --exit-code origin "${3##*/branches/}" > /dev/null ;;
esac
"""
UV = """#!/usr/bin/env bash
# The service's own checks are run elsewhere: here they are replaced by an exit code.
case "$*" in
    "run just check" | "run just test-all") exit "$RESULT" ;;
    "run just update") if [ -n "$UPDATE" ]; then exec bash -e -c "$UPDATE"; fi ;;
esac
exec "$REAL_UV" "$@"
"""
# Replacements of an update, which takes a while: only the real one runs Copier.
REAL, NOTHING, AGAIN = "", "true", "git checkout --quiet template-1.1.0 -- ."
QUICK = """
sed -i 's/^_commit: .*/_commit: 1.1.0/' .copier-answers.yml
echo 'Something new.' >> AGENTS.md
"""
CONFLICT = f"""{QUICK}
printf '%s\\n' '<<<<<<< before updating' Mine. ======= Theirs. '>>>>>>> after updating' >> AGENTS.md
"""
HOOK = """#!/usr/bin/env bash
for number in $(seq 0 $((GIT_PUSH_OPTION_COUNT - 1))); do
    option="GIT_PUSH_OPTION_$number"
    echo "${!option}" >> "$RECORD"
done
"""


@pytest.fixture
def environment(path_of_a_user: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment variables of a runner that the steps use.

    One virtual environment serves all projects of a process: most differ in their pipelines only.
    """
    installed = {"UV_PROJECT_ENVIRONMENT": str(tmp_path_factory.getbasetemp() / "venv")}
    # Of a pull request to `main`.
    request = {"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    return {**os.environ, **installed, **request, "PATH": path_of_a_user, "CI": "true"}


def steps(project: Path, forge: str) -> Iterator[Step]:
    for job in JOBS:
        if forge == "github":
            yield from pipelines.github(project, "ci.yml", job)
        else:
            step = pipelines.gitlab(project, job)
            step.env.pop("UV_CACHE_DIR")  # a separate cache would be empty at first
            yield step


def lock(project: Path, environment: dict[str, str]) -> None:
    """Write a lock file and commit, as at the start of a project with the branch `main`."""
    assert pipelines.execute(project, Step("uv lock"), environment).returncode == 0
    git(project, "init", "--quiet", "--initial-branch", "main")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "work")
    git(project, "update-ref", "refs/remotes/origin/main", "HEAD")


@pytest.mark.parametrize("forge", taking_turns(FORGES, len(FORGES)))
def test_check_test_and_audit_succeed(
    copy: Callable[..., Path], environment: dict[str, str], forge: str
) -> None:
    project = copy(**MINIMAL, ci=forge)
    lock(project, environment)

    done = [pipelines.execute(project, step, environment | BRIEF) for step in steps(project, forge)]

    assert len(done) >= len(JOBS)
    assert [run.stdout for run in done if run.returncode] == []
    assert git(project, "status", "--porcelain") == ""
    shutil.rmtree(project)


@pytest.mark.parametrize("forge", FORGES)
def test_a_project_without_a_lock_file_fails(
    copy: Callable[..., Path], environment: dict[str, str], forge: str
) -> None:
    project = copy(**MINIMAL, ci=forge)

    done = [pipelines.execute(project, step, environment) for step in steps(project, forge)]

    assert all(run.returncode and "uv.lock" in run.stdout for run in done)


@pytest.mark.parametrize(("preset", "forge", "options"), THOROUGH)
def test_they_succeed_with_servers(
    copy: Callable[..., Path],
    environment: dict[str, str],
    preset: str,
    forge: str,
    options: dict[str, str],
) -> None:
    project = copy(preset=preset, ci=forge)
    lock(project, environment)

    for step in steps(project, forge):
        served = Step(SERVED, step.env | {"STEP": step.script})
        for variable in ("DATABASE_URL", "REDIS_URL"):
            served.env.pop(variable, None)
        done = pipelines.execute(project, served, environment | options)
        assert done.returncode == 0, done.stdout[-6000:]
    shutil.rmtree(project)


class Forge:
    """A fake forge with a project whose template has a newer release."""

    def __init__(self, top: Path, released: Path, ci: str, environment: dict[str, str]) -> None:
        self.project, self.origin, self.record = top / "project", top / "origin.git", top / "record"
        self.template = Path(shutil.copytree(released, top / "template"))
        answers = {**MINIMAL, "ci": ci}
        copier.run_copy(str(self.template), self.project, data=answers, defaults=True, quiet=True)
        lock(self.project, environment)
        git(top, "init", "--quiet", "--bare", "--initial-branch", "main", str(self.origin))
        git(self.origin, "config", "receive.advertisePushOptions", "true")
        program(self.origin / "hooks/post-receive", HOOK)
        git(self.project, "remote", "add", "origin", str(self.origin))
        git(self.project, "push", "--quiet", "origin", "main")
        self.environment = environment | {
            "PATH": f"{top / 'bin'}{os.pathsep}{environment['PATH']}",
            "REAL_UV": shutil.which("uv", path=environment["PATH"]) or "",
            "RECORD": str(self.record),
            "GITHUB_REPOSITORY": "acme/service",
            "CI_PROJECT_URL": str(top / "origin"),
            "CI_DEFAULT_BRANCH": "main",
            "CI_SERVER_HOST": "forge.example",
            "CI_JOB_URL": "https://forge.example/jobs/1",
            "UPDATE_TOKEN": "token",
        }
        program(top / "bin/gh", GH)
        program(top / "bin/uv", UV)

    def release(self) -> None:
        """Add a release with a change to the template."""
        with (self.template / "template/AGENTS.md").open("a") as file:
            file.write("\nSomething new.\n")
        git(self.template, "commit", "--quiet", "--all", "--message", "1.1.0")
        git(self.template, "tag", "1.1.0")

    def run(self, step: Step) -> None:
        """Run a step."""
        done = pipelines.execute(self.project, step, self.environment)
        assert step.may_fail or done.returncode == 0, done.stdout
        self.failed = done.returncode != 0

    def github(self, update: str, result: int) -> str:
        """Run the steps of update.yml; return the calls of GitHub's API.

        `update` replaces `just update`, unless it is empty; `result` is that of the checks.
        """
        self.prepare(update, result)
        values = {
            "github.token": "own-token",
            "secrets.UPDATE_TOKEN || github.token": "token",
            "github.server_url": "https://forge.example",
            "github.repository": "acme/service",
            "github.run_id": "1",
        }
        branch = ""
        output = self.record.with_name("output")
        self.environment["GITHUB_OUTPUT"] = str(output)
        output.write_text("")
        for step in pipelines.github(self.project, "update.yml", "update"):
            if step.when and not branch:
                assert step.when == "steps.change.outputs.branch != ''"
                continue
            values["steps.change.outputs.branch"] = branch
            step.env = {k: pipelines.fill_in(v, values) for k, v in step.env.items()}
            self.run(step)
            values[f"steps.{step.id}.outcome"] = "failure" if self.failed else "success"
            branch = output.read_text().partition("=")[2].strip()
        return self.record.read_text()

    def gitlab(self, update: str, result: int) -> str:
        """Run the job `update`; return the options of its push."""
        self.prepare(update, result)
        step = pipelines.gitlab(self.project, "update")
        step.env.pop("UV_CACHE_DIR")
        self.run(step)
        return self.record.read_text()

    def prepare(self, update: str, result: int) -> None:
        """Check out the main branch, and empty the record of calls."""
        git(self.project, "switch", "--quiet", "--force", "main")
        self.record.write_text("")
        self.environment |= {"UPDATE": update, "RESULT": str(result)}

    def proposed(self) -> str:
        """Return the agents' page on the branch that was pushed."""
        return git(self.origin, "show", "template-1.1.0:AGENTS.md")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def make_forge(
    tmp_path: Path, released: Path, environment: dict[str, str]
) -> Callable[[str], Forge]:
    """Return a function that makes a project on a forge."""
    return lambda ci: Forge(tmp_path, released, ci, environment)


def test_an_update_is_proposed_to_github_once_with_the_result_of_its_tests(
    make_forge: Callable[[str], Forge],
) -> None:
    forge = make_forge("github")
    forge.release()

    nothing = forge.github(NOTHING, result=0)
    first = forge.github(REAL, result=1)
    second = forge.github(AGAIN, result=1)

    assert "pr create" not in nothing
    assert "token pr create --base main --head template-1.1.0" in first
    assert "--title Update from the template (failure)" in first
    assert "Something new." in forge.proposed()
    assert "api --silent" in second
    assert "pr create" not in second


def test_an_update_is_proposed_to_gitlab_once_with_the_result_of_its_tests(
    make_forge: Callable[[str], Forge],
) -> None:
    forge = make_forge("gitlab")

    nothing = forge.gitlab(NOTHING, result=0)
    first = forge.gitlab(QUICK, result=0)
    second = forge.gitlab(AGAIN, result=0)

    assert nothing == ""
    assert first.splitlines()[:3] == [
        "merge_request.create",
        "merge_request.target=main",
        "merge_request.title=Update from the template (success)",
    ]
    assert "Something new." in forge.proposed()
    assert second == ""


@pytest.mark.parametrize("ci", FORGES)
def test_an_update_with_conflicts_fails_though_every_check_succeeds(
    make_forge: Callable[[str], Forge], ci: str
) -> None:
    forge = make_forge(ci)

    calls = getattr(forge, ci)(CONFLICT, result=0)

    assert "Update from the template (failure)" in calls
    assert "<<<<<<< before updating" in forge.proposed()


def test_a_deployment_gets_its_environment_its_image_and_its_cluster(
    render: Render, tmp_path: Path, environment: dict[str, str]
) -> None:
    project = render(preset="full", ci="github")
    program(
        tmp_path / "bin/uv", '#!/bin/sh\necho "$@"\ncat "$KUBECONFIG"\nstat -c %a "$KUBECONFIG"\n'
    )
    values = {
        "secrets.KUBECONFIG": "cluster",
        "inputs.environment": "staging",
        "inputs.image": "ghcr.example/service@sha256:0",
    }
    (step,) = pipelines.github(project, "deploy.yml", "deploy")
    step.env = {name: pipelines.fill_in(value, values) for name, value in step.env.items()}
    step.env |= {"RUNNER_TEMP": str(tmp_path), "PATH": f"{tmp_path / 'bin'}:{environment['PATH']}"}

    done = pipelines.execute(tmp_path, step, environment)

    assert done.stdout.splitlines() == [
        "run just deploy staging ghcr.example/service@sha256:0",
        "cluster600",
    ]

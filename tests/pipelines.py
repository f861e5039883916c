"""Reads the workflows of GitHub and the jobs of GitLab, and runs their steps as the runners do."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

WORKFLOWS = ".github/workflows"
GITLAB = ".gitlab-ci.yml"
# Top-level keys of GitLab's file that are no jobs; those with a leading dot are only extended.
KEYWORDS = {"stages", "workflow", "default", "variables", "include"}
EXPRESSION = re.compile(r"\${{ (.+?) }}")
RECIPE = re.compile(r"\bjust ([a-z-]+)")

Document = dict[str, Any]


@dataclass
class Step:
    """A shell script, and its own environment variables."""

    script: str
    env: dict[str, str] = field(default_factory=dict)
    name: str = ""
    id: str = ""
    when: str = ""
    may_fail: bool = False


def read(path: Path) -> Document:
    """Parse a YAML file, with `on` as a string: YAML 1.1 reads it as true."""
    document = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in document.items()}


def github(project: Path, workflow: str, job: str) -> list[Step]:
    """Return the steps of a GitHub job that are scripts, each with the environment it sees."""
    document = read(project / WORKFLOWS / workflow)
    found = document["jobs"][job]
    shared = document.get("env", {}) | found.get("env", {})
    return [
        Step(
            step["run"],
            {name: str(value) for name, value in (shared | step.get("env", {})).items()},
            step.get("name", ""),
            step.get("id", ""),
            step.get("if", ""),
            step.get("continue-on-error", False),
        )
        for step in found["steps"]
        if "run" in step
    ]


def gitlab_jobs(project: Path) -> dict[str, Document]:
    """Return the jobs of GitLab's file, with `extends` resolved."""
    document = read(project / GITLAB)
    names = [name for name in document if name not in KEYWORDS and not name.startswith(".")]
    return {name: _inherited(document, name) for name in names}


def _inherited(document: Document, name: str) -> Document:
    own = document[name]
    base = _inherited(document, own["extends"]) if "extends" in own else {}
    variables = base.get("variables", {}) | own.get("variables", {})
    return base | own | ({"variables": variables} if variables else {})


def gitlab(project: Path, job: str) -> Step:
    """Return a job of GitLab as one script, which exits at the first error."""
    found = gitlab_jobs(project)[job]
    lines = [*found.get("before_script", []), *found["script"]]
    variables = read(project / GITLAB)["variables"] | found.get("variables", {})
    env = {name: str(value) for name, value in variables.items()}
    return Step("set -o pipefail\n" + "\n".join(lines), env, job)


def scripts(project: Path) -> Iterator[Step]:
    """Yield every script of a project's pipelines."""
    for path in sorted((project / WORKFLOWS).glob("*.yml")):
        for job, found in read(path)["jobs"].items():
            yield from github(project, path.name, job) if "steps" in found else ()
    if (project / GITLAB).exists():
        yield from (gitlab(project, job) for job in gitlab_jobs(project))


def recipes(text: str) -> set[str]:
    """Return the just recipes that a text names."""
    return set(RECIPE.findall(text))


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Replace GitHub's expressions by values."""
    return EXPRESSION.sub(lambda found: values[found[1]], text)


def execute(
    project: Path, step: Step, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a step with the shell of the runners."""
    return subprocess.run(
        ["bash", "-e", "-c", step.script],
        cwd=project,
        env={**environment, **step.env},
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2700,
    )

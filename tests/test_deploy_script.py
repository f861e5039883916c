"""`just deploy`: the calls of kubectl, their order, and a migration that fails."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools import kubectl, run

# A fake kubectl: records its arguments, builds overlays, and has no cluster.
KUBECTL = """#!/bin/sh
case "$*" in
    kustomize*) exec {kubectl} "$@" ;;
esac
echo "$*" >> "{log}"
case "$*" in
    *" wait "*) [ "$(grep -c ' wait ' "{log}")" -gt {waits} ] ;;
    *"get job"*) echo {failed} ;;
    *"get pods"*) sed -n "$(grep -c 'get pods' "{log}")p" "{log}.reasons" ;;
    *" -f "*) for last; do case "$last" in */all.yaml) cp "$last" "{log}.yaml" ;; esac; done ;;
esac
"""


@pytest.fixture
def project(copy: Callable[..., Path]) -> Path:
    return copy(preset="full", project_slug="order-desk")


def deploy(
    project: Path, *arguments: str, migrates: bool = True, reasons: list[str] | None = None
) -> tuple[int, str, list[str]]:
    """Run the script, and return its exit code, its errors, and the calls of kubectl.

    The migration's pod waits for these reasons, one after the other.
    """
    log, folder = project / "asked", project / "bin"
    folder.mkdir()
    reasons = reasons or []
    Path(f"{log}.reasons").write_text("".join(f"{reason}\n" for reason in reasons))
    waits, failed = (len(reasons), "") if migrates else (9, "True")
    fake = KUBECTL.format(kubectl=kubectl(), log=log, waits=waits, failed=failed)
    (folder / "kubectl").write_text(fake)
    (folder / "kubectl").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = run(project / "deploy/kubernetes/deploy.sh", *arguments, cwd=project, PATH=path)
    shutil.rmtree(folder)
    return done.returncode, done.stderr, log.read_text().splitlines() if log.exists() else []


def verbs(asked: list[str]) -> list[str]:
    return [line.split()[2] for line in asked]


def test_settings_come_first_then_the_migration_then_the_rollout(project: Path) -> None:
    code, errors, asked = deploy(project, "staging", "registry.example.com/shop/desk:1.2.0")

    assert code == 0, errors
    assert all(line.startswith("--namespace order-desk-staging ") for line in asked)
    assert verbs(asked) == ["apply", "delete", "apply", "wait", "apply", "rollout"]
    assert "notin (app,worker,beat,migrate)" in asked[0]
    assert asked[2].endswith("-l app.kubernetes.io/name=migrate")
    assert "-l" not in asked[4].split()


@pytest.mark.parametrize(
    ("image", "written"),
    [
        ("registry.example.com:5000/desk:1.2.0", "registry.example.com:5000/desk:1.2.0"),
        ("registry.example.com/desk@sha256:" + "a" * 64, None),
        ("desk:007", "desk:007"),
    ],
)
def test_every_container_gets_the_image(project: Path, image: str, written: str | None) -> None:
    code, errors, _ = deploy(project, "production", image)

    lines = (project / "asked.yaml").read_text().splitlines()
    images = {line.split("image: ")[1] for line in lines if " image: " in line}
    assert code == 0, errors
    assert images == {written or image}
    assert list((project / "deploy/kubernetes").glob("release.*")) == []


def test_a_failed_migration_stops_the_rollout(project: Path) -> None:
    code, errors, asked = deploy(project, "staging", "desk:1.2.0", migrates=False)

    assert code == 1
    assert verbs(asked) == ["apply", "delete", "apply", "wait", "get", "logs"]
    assert "the old release goes on" in errors


def test_why_the_migration_waits_is_shown_at_once_and_once(project: Path) -> None:
    missing, image = 'CreateContainerConfigError: secret "secrets" not found', "ErrImagePull: 401"
    reasons = [missing, missing, image, "", missing]

    code, errors, asked = deploy(project, "staging", "desk:1.2.0", reasons=reasons)

    assert code == 0, errors
    shown = [f"deploy: the migration waits: {reason}" for reason in (missing, image, missing)]
    assert errors.splitlines() == shown
    [query] = {line for line in asked if "get pods" in line}
    assert "-l app.kubernetes.io/name=migrate" in query
    assert ".status.containerStatuses[*].state.waiting" in query


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "usage"),
        (["moon", "desk:1"], "no overlay moon"),
        (["staging", "desk"], "neither a tag nor a digest"),
        (["staging", "localhost:5000/desk"], "neither a tag nor a digest"),
    ],
)
def test_what_cannot_be_deployed_is_refused(
    project: Path, arguments: list[str], complaint: str
) -> None:
    code, errors, asked = deploy(project, *arguments)

    assert code == 2
    assert complaint in errors
    assert asked == []

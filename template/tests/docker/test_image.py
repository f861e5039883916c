"""`just image`: who is asked to build, and how."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.config import ROOT

BUILDER = '#!/bin/sh\necho "$(basename "$0") $*" >> "{log}"\n'


def build(folder: Path, *engines: str, wanted: str = "") -> tuple[int, str, list[str]]:
    """Build where only these engines work; return exit code, errors, and the commands they got."""
    for engine in engines:
        (folder / engine).write_text(BUILDER.format(log=folder / "log"))
        (folder / engine).chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "IMAGE_TAG": "app:1"}
    if wanted:
        environment["CONTAINER_ENGINE"] = wanted
    done = subprocess.run(
        [sys.executable, "-m", "dev.image", "build", "--pull"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    log = folder / "log"
    return done.returncode, done.stderr, log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize(
    ("engine", "command"),
    [
        ("docker", f"docker build --tag app:1 --pull {ROOT}"),
        ("podman", f"podman build --format docker --tag app:1 --pull {ROOT}"),
        (
            "buildah",
            "buildah bud --isolation chroot --network host --format docker --tag app:1 --pull "
            f"{ROOT}",
        ),
    ],
)
def test_each_engine_is_asked_in_its_own_words(tmp_path: Path, engine: str, command: str) -> None:
    code, errors, commands = build(tmp_path, engine, wanted=engine)

    assert code == 0, errors
    assert commands == [f"{engine} info", command]


def test_docker_comes_before_podman(tmp_path: Path) -> None:
    _, _, commands = build(tmp_path, "podman", "docker")

    assert {line.split()[0] for line in commands} == {"docker"}


def test_without_an_engine_it_says_so(tmp_path: Path) -> None:
    code, errors, _ = build(tmp_path, wanted="rkt")

    assert code == 1
    assert "rkt does not work here" in errors


def test_all_that_the_service_reads_is_let_into_the_image() -> None:
    allowed = [
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]

    assert {"app", "migrations", "pyproject.toml", "uv.lock"} <= set(allowed)
    assert [name for name in allowed if name != "uv.lock" and not (ROOT / name).exists()] == []
    assert os.access(ROOT / "deploy/compose/secrets.sh", os.X_OK)

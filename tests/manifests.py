"""Reads the deployment files of a rendered project with their own tools."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from tests.tools import kubectl, program, run

Manifest = dict[str, Any]

REQUIRED = re.compile(r"\$\{(\w+):\?")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def digest(*folders: Path) -> str:
    """Return a hash of files and folders: equal content is tested once."""
    found = sha256()
    for top in folders:
        for path in sorted([top, *top.rglob("*")]):
            if path.is_file():
                found.update(f"{path.relative_to(top.parent)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def required_variables(project: Path) -> set[str]:
    """Return the variables that Compose requires."""
    files = [project / "compose.yaml", *(project / "deploy/compose").glob("*.yaml")]
    return {name for path in files for name in REQUIRED.findall(path.read_text())}


def compose(project: Path) -> Manifest:
    """Return the whole Compose project, with each required variable set to `given-NAME`."""
    given = {name: f"given-{name}" for name in required_variables(project)}
    command = [program("docker-compose"), "config", "--format", "json"]
    done = run(*command, cwd=project, **given)
    assert done.returncode == 0, done.stderr
    assert "level=warning" not in done.stderr, done.stderr
    return yaml.safe_load(done.stdout)


def own_services(config: Manifest) -> dict[str, Manifest]:
    """Return the services that run the project's own image."""
    return {name: service for name, service in config["services"].items() if "build" in service}


def kustomize(folder: Path) -> list[Manifest]:
    """Return the objects of an overlay."""
    done = run(kubectl(), "kustomize", folder, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return list(yaml.safe_load_all(done.stdout))


def of_kind(objects: list[Manifest], *kinds: str) -> list[Manifest]:
    return [found for found in objects if found["kind"] in kinds]


def the(objects: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the one object of that kind and name."""
    (found,) = [one for one in of_kind(objects, kind) if one["metadata"]["name"] == name]
    return found


def pod_templates(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield the pod templates of an overlay, by the name of their workload."""
    for found in of_kind(objects, "Deployment", "Job"):
        yield found["metadata"]["name"], found["spec"]["template"]


def container(template: Manifest) -> Manifest:
    """Return the pod's only container."""
    (found,) = template["spec"]["containers"]
    return found


def values(found: Any, key: str) -> Iterator[Any]:
    """Yield the values of a key, anywhere in a document."""
    if isinstance(found, dict):
        if key in found:
            yield found[key]
        found = list(found.values())
    if isinstance(found, list):
        for part in found:
            yield from values(part, key)


def image_user(project: Path) -> str:
    """Return the user id that the image runs as."""
    (user,) = re.findall(r"^USER (\d+):\d+$", (project / "Dockerfile").read_text(), re.MULTILINE)
    return user


def knows_command(project: Path, command: list[str]) -> bool:
    """Return whether the rendered service has the command of a manifest."""
    match command:
        case ["python", "-m", "app", name]:
            return f'add_parser("{name}"' in (project / "app/cli.py").read_text()
        case ["celery", "--app", module, "worker" | "beat", *_]:
            return (project / module.replace(".", "/")).with_suffix(".py").exists()
        case ["python", script, path]:
            return (project / "deploy/docker" / script).exists() and answers(project, path)
    return False


def answers(project: Path, path: str) -> bool:
    """Return whether the service has a health route of that path."""
    source = (project / "app/api/health.py").read_text()
    route = rf'@router\.get\(\s*"{re.escape(path.removeprefix("/health"))}"'
    return 'prefix="/health"' in source and re.search(route, source) is not None

"""The deployment pages say how to create the first superuser, with names that exist."""

import re
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.manifests import compose, kustomize, own_services, the

SLUG = "tea-shop"
ANSWERS = {"project_name": "Tea Shop", "preset": "full"}
PAGES = ("docs/docker.md", "docs/kubernetes.md", "deploy/README.md")
COMMAND = "-m app create-superuser --email admin@example.com\n"


@pytest.fixture
def project(render: Render) -> Path:
    return render(**ANSWERS)


def command(project: Path, page: str) -> str:
    """Return the line of a page that creates the first superuser."""
    text = (project / page).read_text().replace("\\\n    ", "")
    (line,) = [line for line in text.splitlines(keepends=True) if "create-superuser" in line]
    assert line.endswith(COMMAND)
    return line.removesuffix(COMMAND)


def test_the_service_knows_the_command(project: Path) -> None:
    code = (project / "app/auth/feature.py").read_text()

    assert 'add_parser("create-superuser"' in code
    assert 'add_argument("--email"' in code


def test_with_compose_a_service_of_our_own_runs_it(project: Path) -> None:
    found = re.fullmatch(r"docker compose run --rm (\S+) python ", command(project, PAGES[0]))

    assert found
    assert found[1] in own_services(compose(project))


def test_in_kubernetes_a_pod_in_the_namespace_of_production_runs_it(project: Path) -> None:
    line = command(project, PAGES[1])
    found = re.fullmatch(
        r"kubectl --namespace (\S+) exec --stdin --tty deployment/(\S+) -- python ", line
    )

    assert found
    objects = kustomize(project / "deploy/kubernetes/overlays/production")
    assert the(objects, "Deployment", found[2])["metadata"]["namespace"] == found[1]


def test_with_systemd_a_unit_runs_it_as_the_others_are_run(project: Path) -> None:
    """The drop-in for units of this prefix is for transient ones, too."""
    found = re.fullmatch(
        r"systemd-run --unit (\S+) --pty --collect (/\S+) ", command(project, PAGES[2])
    )
    units = project / "deploy/systemd"

    assert found
    head = (units / "hardening.conf").read_text().splitlines()[0]
    assert head.endswith(f"/{SLUG}-.service.d/hardening.conf")
    assert found[1].startswith(f"{SLUG}-")
    assert not (units / f"{found[1].removeprefix(f'{SLUG}-')}.service").exists()
    assert f"ExecStart={found[2]} -m app serve\n" in (units / "server.service").read_text()


def test_without_users_no_page_mentions_a_superuser(render: Render) -> None:
    toggles = {"docker": True, "kubernetes": True, "systemd": True, "auth": False}
    project = render(preset="custom", **toggles)

    assert [page for page in PAGES if "superuser" in (project / page).read_text()] == []

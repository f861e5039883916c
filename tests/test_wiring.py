"""Every wire is tested: take out any registration of a full service, and a test of its own fails.

Looked for first where the name leads (`cache` in tests/cache), then everywhere.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.wiring import Registration, registrations

pytestmark = [pytest.mark.service, pytest.mark.thorough]

PARTS = 8
# What no test can notice, each with the reason.
ACCEPTED: dict[str, str] = {}
LIMIT = 600.0  # seconds for one run

Pytest = Callable[..., str | None]


@pytest.fixture(scope="module")
def installed(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a full service with its environment, on the database that is quickest."""
    rendered = render(preset="full", database="sqlite")
    project = tmp_path_factory.mktemp("wiring") / "project"
    shutil.copytree(rendered, project, symlinks=True)
    subprocess.run(["uv", "sync", "--quiet"], cwd=project, check=True)
    return project


def failure(project: Path, *folders: str) -> str | None:
    """Run tests until one fails, and return what it says; None if none does."""
    command = [str(project / ".venv/bin/python"), "-m", "pytest", "-x", "-q", "--no-header"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", *folders],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return done.stdout if done.returncode else None


def likely(project: Path, registration: Registration) -> list[str]:
    """Return the folders of tests whose names occur in a registration."""
    said = set(re.findall(r"[a-z]+", f"{registration.path} {registration.text}".lower()))
    folders = [path for path in sorted((project / "tests").iterdir()) if path.is_dir()]
    stems = {path: path.name.rstrip("s").split("_")[0] for path in folders}
    found = [path for path, stem in stems.items() if {stem, f"{stem}s", path.name} & said]
    return [str(path.relative_to(project)) for path in found if path.name != "app"]


def is_noticed(project: Path, registration: Registration) -> bool:
    """Take a registration out, run the tests, and put it back."""
    path = project / registration.path
    before = path.read_text()
    try:
        registration.remove(project)
        places = likely(project, registration)
        return bool((places and failure(project, *places)) or failure(project))
    finally:
        path.write_text(before)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_registration_can_go_missing(
    installed: Path, part: int, capfd: pytest.CaptureFixture[str]
) -> None:
    found = [one for one in registrations(installed) if one.path != ".env.example"]
    mine = [one for one in found[part::PARTS] if one.name not in ACCEPTED]

    survivors = [one.name for one in mine if not is_noticed(installed, one)]

    with capfd.disabled():
        print(f"\n    wiring {part + 1}/{PARTS}: {len(mine) - len(survivors)} of {len(mine)}")
    assert len(found) > 40
    assert survivors == []


def test_no_setting_can_go_undocumented(installed: Path) -> None:
    example = installed / ".env.example"
    before = example.read_text()
    keys = re.findall(r"^([A-Z_]+)=", before, re.MULTILINE)

    example.write_text(re.sub(r"^[A-Z_]+=.*\n", "", before, flags=re.MULTILINE))
    said = failure(installed, "tests/core")
    example.write_text(before)

    assert len(keys) > 30
    assert [key for key in keys if key not in (said or "")] == []


def test_an_accepted_gap_still_exists(installed: Path) -> None:
    names = {one.name for one in registrations(installed)}

    assert set(ACCEPTED) <= names

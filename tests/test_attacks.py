"""Each attack on accounts works on a vulnerable variant of the service, and a test fails on it."""

import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.kill_map import MutatedProject
from tests.questions import ROOT

TEMPLATE = ROOT / "template"


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack: the edits that make it possible, each of a file, and the test that fails."""

    name: str
    test: str
    edits: list[dict[str, str]]

    def apply(self, project: Path) -> dict[Path, bytes]:
        """Make a project vulnerable; return what its files contained."""
        before: dict[Path, bytes] = {}
        for edit in self.edits:
            path = project / "app" / edit["file"]
            before.setdefault(path, path.read_bytes())
            path.write_text(path.read_text().replace(edit["find"], edit["instead"].lstrip("\n")))
        return before


ATTACKS = [
    Attack(**attack)
    for attack in tomllib.loads(Path(__file__).with_name("attacks.toml").read_text())["attack"]
]


@pytest.fixture(scope="module")
def project(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MutatedProject]:
    """Return a full service with its environment."""
    folder = tmp_path_factory.mktemp("attacks") / "project"
    # On PostgreSQL: SQLite runs one transaction after the other, which hides missing locks.
    shutil.copytree(render(preset="full"), folder, symlinks=True)
    project = MutatedProject(folder)
    yield project
    project.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_fits_the_service(attack: Attack) -> None:
    sources = [(TEMPLATE / "app" / edit["file"]).read_text() for edit in attack.edits]
    path, _, name = attack.test.partition("::")

    found = [text.count(edit["find"]) for text, edit in zip(sources, attack.edits, strict=True)]

    assert found == [1] * len(attack.edits)
    assert f"def {name}(" in (TEMPLATE / "tests" / path).read_text()


@pytest.mark.service
@pytest.mark.thorough
def test_the_tests_pass_without_an_attack(project: MutatedProject) -> None:
    code, output = project.run(*sorted({f"tests/{attack.test}" for attack in ATTACKS}))

    assert code == 0, output


@pytest.mark.service
@pytest.mark.thorough
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_test_fails_on_the_vulnerable_service(project: MutatedProject, attack: Attack) -> None:
    before = attack.apply(project.project)
    try:
        failing = project.failing(f"tests/{attack.test}")
    finally:
        for path, content in before.items():
            path.write_bytes(content)

    assert failing is not None

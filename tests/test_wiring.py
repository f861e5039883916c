"""Every wire is tested: take any registration out of a full service, and its own tests fail."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

from tests import noticing
from tests.conftest import Render
from tests.covered import covered
from tests.noticing import Laboratory
from tests.wiring import settings

pytestmark = pytest.mark.service

PARTS = 16
# What no test can notice, each with the reason.
ACCEPTED: dict[str, str] = {}


@pytest.fixture(scope="module")
def laboratory(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Return a full service with its environment."""
    project = tmp_path_factory.mktemp("wiring") / "project"
    shutil.copytree(render(**noticing.ANSWERS), project, symlinks=True)
    laboratory = Laboratory(project)
    yield laboratory
    laboratory.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_registration_can_go_missing(
    laboratory: Laboratory, part: int, capfd: pytest.CaptureFixture[str]
) -> None:
    record = noticing.record()
    mine = [one for one in laboratory.registrations[part::PARTS] if one.name not in ACCEPTED]

    noticed = {one.name: laboratory.noticed_by(one, record.get(one.name)) for one in mine}

    survivors = [name for name, test in noticed.items() if test is None]
    searched = [name for name, test in noticed.items() if test and test != record.get(name)]
    covered("mutations noticed", len(mine) - len(survivors))
    with capfd.disabled():
        print(*(f"\n    looked for a test of {name}" for name in searched), end=" ", flush=True)
    assert survivors == []


def test_nothing_fails_while_nothing_is_missing(laboratory: Laboratory) -> None:
    tests = {test.partition("[")[0] for test in noticing.record().values()}

    code, said = laboratory.run("-x", *sorted(tests))

    assert tests
    assert code == 0, said


def test_registrations_of_every_kind_are_found(laboratory: Laboratory) -> None:
    kinds = Counter(one.kind for one in laboratory.registrations)

    assert kinds["endpoint"] > 40
    assert set(kinds) == {
        *("feature", "part", "router", "endpoint", "permission", "wire"),
        *("telling", "counting", "signal", "task", "schedule", "cache"),
    }


def test_no_setting_can_go_undocumented(laboratory: Laboratory) -> None:
    example = laboratory.project / ".env.example"
    before, keys = example.read_text(), settings(laboratory.project)

    example.write_text(re.sub(r"^[A-Z_]+=.*\n", "", before, flags=re.MULTILINE))
    _, said = laboratory.run("-vvv", "tests/core/test_env_example.py")
    example.write_text(before)

    assert len(keys) > 30
    assert [key for key in keys if f"'{key}'" not in said and not key.startswith("TEST_")] == []


def test_an_accepted_gap_still_exists(laboratory: Laboratory) -> None:
    assert set(ACCEPTED) <= {one.name for one in laboratory.registrations}

"""Mutation tests: without any one registration, a full service's own tests fail."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator

import pytest

from tests import kill_map
from tests.conftest import Render
from tests.coverage_summary import count_covered
from tests.kill_map import MutatedProject
from tests.turns import TODAY, changed, in_projects, of_day
from tests.wiring import Registration, settings

pytestmark = pytest.mark.service

PARTS = 16
# In every run: a tenth, another one each day, and those in files that differ from `main`.
DAYS = 10
# Registrations whose removal no test can detect, each with the reason.
ACCEPTED: dict[str, str] = {}


@pytest.fixture(scope="module")
def project(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MutatedProject]:
    """Return a full service with its environment."""
    project = tmp_path_factory.mktemp("wiring") / "project"
    shutil.copytree(render(**kill_map.ANSWERS), project, symlinks=True)
    project = MutatedProject(project)
    yield project
    project.close()


def of_today(registrations: list[Registration], day: int, changed: set[str]) -> list[Registration]:
    """Return the registrations that a run removes on a day: within ten days, all."""
    mine = {one.name for one in of_day(registrations, DAYS, day)}
    return [one for one in registrations if one.name in mine or one.path in changed]


def survivors(project: MutatedProject, mine: list[Registration]) -> list[str]:
    """Remove each registration, and return those whose removal fails no test."""
    record = kill_map.record()
    killed = {one.name: project.killed_by(one, record.get(one.name)) for one in mine}
    left = [name for name, test in killed.items() if test is None]
    count_covered("mutations killed", len(mine) - len(left))
    return left


def test_a_registration_of_today_or_of_a_changed_file_is_tested(
    project: MutatedProject,
) -> None:
    record = kill_map.record()
    possible = [one for one in project.registrations if one.name not in ACCEPTED]
    mine = of_today(possible, TODAY, in_projects(changed()))
    tests = {record[one.name].partition("[")[0] for one in mine if one.name in record}

    code, output = project.run("-x", *sorted(tests))

    assert code == 0, output  # while nothing is missing
    assert survivors(project, mine) == []


def test_ten_days_cover_every_registration(project: MutatedProject) -> None:
    everything = project.registrations
    turns = [of_today(everything, day, set()) for day in range(DAYS)]

    assert [one for turn in turns for one in turn] != []
    assert {one.name for turn in turns for one in turn} == {one.name for one in everything}
    assert max(map(len, turns)) <= len(everything) // DAYS + 1
    assert of_today(everything, 0, {one.path for one in everything}) == everything


@pytest.mark.thorough
@pytest.mark.parametrize("part", range(PARTS))
def test_every_registration_is_tested(project: MutatedProject, part: int) -> None:
    mine = [one for one in project.registrations[part::PARTS] if one.name not in ACCEPTED]

    assert survivors(project, mine) == []


@pytest.mark.thorough
def test_the_tests_pass_without_a_mutation(project: MutatedProject) -> None:
    tests = {test.partition("[")[0] for test in kill_map.record().values()}

    code, output = project.run("-x", *sorted(tests))

    assert tests
    assert code == 0, output


def test_registrations_of_every_kind_are_found(project: MutatedProject) -> None:
    kinds = Counter(one.kind for one in project.registrations)

    assert kinds["endpoint"] > 40
    assert set(kinds) == {
        *("feature", "part", "router", "endpoint", "permission", "wire"),
        *("publish", "metric", "signal", "task", "schedule", "cache"),
    }


def test_an_undocumented_setting_fails_a_test(project: MutatedProject) -> None:
    example = project.project / ".env.example"
    before, keys = example.read_text(), settings(project.project)

    example.write_text(re.sub(r"^[A-Z_]+=.*\n", "", before, flags=re.MULTILINE))
    _, output = project.run("-vvv", "tests/core/test_env_example.py")
    example.write_text(before)

    assert len(keys) > 30
    assert [key for key in keys if f"'{key}'" not in output and not key.startswith("TEST_")] == []


def test_an_accepted_gap_still_exists(project: MutatedProject) -> None:
    assert set(ACCEPTED) <= {one.name for one in project.registrations}

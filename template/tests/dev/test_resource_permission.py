"""`just resource --shared` in a service with users: the permission to write."""

from pathlib import Path

import pytest

from dev.resource.__main__ import main
from dev.resource.wiring import ANCHORS, PERMISSIONS
from tests.dev.made_resources import QUITTANCE, copy_project, tree

SHARED = [*QUITTANCE, "--shared"]
LINE = '    QUITTANCE_WRITE = "quittance:write"\n'
ENDPOINTS = "app/api/v1/endpoints/quittances.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to make resources in."""
    copy_project(tmp_path, monkeypatch)
    return tmp_path


def replace_in_permissions(project: Path, old: str, new: str) -> str:
    """Change the list of permissions, and return its new text."""
    file = project / PERMISSIONS
    text = file.read_text().replace(old, new)
    file.write_text(text)
    return text


def test_writing_a_shared_resource_needs_a_permission_of_its_own(project: Path) -> None:
    assert main(["make", *SHARED]) == 0

    assert 'WRITE_PERMISSION = "quittance:write"\n' in (project / ENDPOINTS).read_text()
    assert (project / PERMISSIONS).read_text().count(LINE + ANCHORS[PERMISSIONS]) == 1


def test_rows_of_owners_need_none(project: Path) -> None:
    before = (project / PERMISSIONS).read_text()

    assert main(["make", *QUITTANCE]) == 0

    assert "WRITE_PERMISSION" not in (project / ENDPOINTS).read_text()
    assert (project / PERMISSIONS).read_text() == before


def test_the_tests_of_access_do_not_replace_those_of_the_resource(project: Path) -> None:
    before = tree(project)

    assert main(["make", *QUITTANCE, "--plural", "access"]) == 2
    assert tree(project) == before


def test_undo_takes_it_out(project: Path) -> None:
    before = tree(project)
    main(["make", *SHARED])

    assert main(["undo", "quittance"]) == 0

    assert tree(project) == before


def test_one_that_is_listed_already_is_left_as_it_is(project: Path) -> None:
    anchor = ANCHORS[PERMISSIONS]
    listed = replace_in_permissions(project, anchor, f'    BILLING = "quittance:write"\n{anchor}')

    assert main(["make", *SHARED]) == 0
    assert (project / PERMISSIONS).read_text() == listed
    assert main(["undo", "quittance"]) == 0
    assert (project / PERMISSIONS).read_text() == listed


def test_its_name_must_be_free(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anchor = ANCHORS[PERMISSIONS]
    replace_in_permissions(project, anchor, f'    QUITTANCE_WRITE = "bills:write"\n{anchor}')
    before = tree(project)

    assert main(["make", *SHARED]) == 2

    assert f"{PERMISSIONS} has another QUITTANCE_WRITE already." in capsys.readouterr().err
    assert tree(project) == before


def test_without_the_anchor_the_line_is_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = replace_in_permissions(project, ANCHORS[PERMISSIONS], "")

    assert main(["make", *SHARED]) == 0

    assert (project / PERMISSIONS).read_text() == before
    said = f"{PERMISSIONS} has no line `# project permissions`: put this into Permission:\n{LINE}"
    assert said in capsys.readouterr().err


def test_undo_says_that_a_changed_line_stays(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["make", *SHARED])
    replace_in_permissions(project, "QUITTANCE_WRITE", "BILLING")

    assert main(["undo", "quittance"]) == 1

    assert f"{PERMISSIONS}: the line of the resource has been changed" in capsys.readouterr().err


def test_a_dry_run_names_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(project)

    assert main(["make", *SHARED, "--dry-run"]) == 0

    assert tree(project) == before
    assert f"and into {PERMISSIONS}:\n{LINE}" in capsys.readouterr().err


def test_diff_shows_a_line_that_is_missing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["make", *SHARED])
    main(["make", "quittance", "--diff"])
    same = capsys.readouterr().out
    replace_in_permissions(project, LINE, "")

    assert main(["make", "quittance", "--diff"]) == 0

    assert same == ""
    assert f"+{LINE}" in capsys.readouterr().out

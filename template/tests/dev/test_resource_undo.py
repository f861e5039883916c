"""`just resource-undo`: what was written is taken back."""

from pathlib import Path

import pytest

from dev.resource import commands, wiring
from dev.resource.__main__ import main
from tests.dev.made_resources import QUITTANCE, copy_project, tree


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to make resources in."""
    copy_project(tmp_path, monkeypatch)
    return tmp_path


def test_undo_gives_the_tree_back(project: Path) -> None:
    before = tree(project)
    main(["make", *QUITTANCE])

    assert main(["undo", "quittance"]) == 0

    assert tree(project) == before
    assert not (project / "tests/quittances").exists()


def test_what_was_interrupted_can_be_undone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*, new: bool) -> None:
        raise KeyboardInterrupt

    before = tree(project)
    with monkeypatch.context() as patch:
        patch.setattr(commands, "write_documents", interrupt)
        with pytest.raises(KeyboardInterrupt):
            main(["make", *QUITTANCE])
    assert tree(project) != before

    assert main(["undo", "quittance"]) == 0
    assert tree(project) == before


def test_undo_lists_a_migration_that_was_written_later(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["make", *QUITTANCE])
    versions = project / "migrations/versions"
    versions.mkdir(parents=True)
    (versions / "0002_add_quittances.py").write_text('op.create_table(\n    "quittances",\n)')
    (versions / "0003_add_others.py").write_text('op.create_table("others", "quittances")')

    assert main(["undo", "quittance"]) == 1

    output = capsys.readouterr().err
    assert "migrations/versions/0002_add_quittances.py: it was written afterwards" in output
    assert "0003" not in output
    (versions / "0002_add_quittances.py").unlink()
    assert main(["undo", "quittance"]) == 0


def test_undo_keeps_what_was_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["make", *QUITTANCE])
    changed = project / "app/models/quittance.py"
    changed.write_text(changed.read_text() + "# mine\n")

    assert main(["undo", "quittance"]) == 1

    assert "app/models/quittance.py: it has been changed" in capsys.readouterr().err
    assert changed.read_text().endswith("# mine\n")
    assert not (project / "app/services/quittance.py").exists()
    assert "quittances" not in (project / wiring.ROUTES).read_text()


def test_what_is_referred_to_is_not_undone(project: Path) -> None:
    main(["make", *QUITTANCE])
    main(["make", "remittance", "quittance:ref(quittance)"])
    before = tree(project)

    assert main(["undo", "quittance"]) == 2
    assert tree(project) == before
    assert main(["undo", "remittance"]) == 0
    assert main(["undo", "quittance"]) == 0

"""`just resource`: what is written, compared and taken back."""

from pathlib import Path

import pytest

from dev.resource import wiring
from dev.resource.__main__ import main
from dev.resource.render import VARIANTS, targets
from tests.dev.made_resources import INVOICE, copy_project, read, tree


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to make resources in."""
    copy_project(tmp_path, monkeypatch)
    return tmp_path


def test_a_resource_is_written_wired_and_noted(project: Path) -> None:
    before = tree(project)

    assert main(["make", *INVOICE]) == 0

    new = tree(project).keys() - before.keys()
    assert new == {*targets(read(INVOICE)).values(), "dev/resource/made/invoice.json"}
    wired = (project / wiring.ROUTES).read_text()
    assert wired.count('"Invoices": ("app.api.v1.endpoints.invoices", "Invoices"),') == 1


def test_one_that_is_shared_names_the_permission_to_write(project: Path) -> None:
    has_users = (project / wiring.PERMISSIONS).exists()

    assert main(["make", *INVOICE, "--shared"]) == 0

    module = (project / "app/api/v1/endpoints/invoices.py").read_text()
    assert 'WRITE_PERMISSION = "invoices:write"\n' in module
    assert (project / wiring.PERMISSIONS).exists() == has_users


def test_without_a_database_the_command_for_the_migration_is_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["make", *INVOICE])

    assert 'just migration "add invoices"' in capsys.readouterr().err


def test_nothing_of_the_blueprint_is_left(project: Path) -> None:
    main(["make", "event_day", "number:str:unique", "parent:ref(event_day)?", "--cached"])

    for name in targets(read(["event_day", "number:str"])).values():
        text = (project / name).read_text().lower()
        assert "specimen" not in text
        assert "# begin" not in text
        assert not any(f"# {variant}:" in text for variant in VARIANTS)
        assert "a event" not in text


def test_the_words_of_the_line_stay_as_they_are(project: Path) -> None:
    line = ["invoice", "kind:enum(specimen,paid)", "specimens:int", "note:text=a specimen here"]

    assert main(["make", *line]) == 0

    schemas = (project / "app/schemas/invoice.py").read_text()
    assert 'InvoiceKind = Literal["specimen", "paid"]' in schemas
    assert 'specimens: Integer\n    note: LongText = "a specimen here"' in schemas


def test_a_resource_with_a_long_name_can_be_referred_to(project: Path) -> None:
    name = "wholesale_customer_association"

    assert main(["make", name, "number:str", "--plural", "associations"]) == 0
    assert main(["make", "invoice", f"customer:ref({name})"]) == 0

    factories = (project / "tests/invoices/factories.py").read_text()
    assert f"await make_{name}(client)" in factories


def test_a_dry_run_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(project)

    assert main(["make", *INVOICE, "--dry-run"]) == 0

    assert tree(project) == before
    assert "app/models/invoice.py" in capsys.readouterr().err


def test_a_resource_is_made_once(project: Path) -> None:
    main(["make", *INVOICE])
    before = tree(project)

    assert main(["make", *INVOICE]) == 2
    assert tree(project) == before


def test_undo_gives_the_tree_back(project: Path) -> None:
    before = tree(project)
    main(["make", *INVOICE])

    assert main(["undo", "invoice"]) == 0

    assert tree(project) == before
    assert not (project / "tests/invoices").exists()


def test_undo_keeps_what_was_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["make", *INVOICE])
    changed = project / "app/models/invoice.py"
    changed.write_text(changed.read_text() + "# mine\n")

    assert main(["undo", "invoice"]) == 1

    assert "app/models/invoice.py: it has been changed" in capsys.readouterr().err
    assert changed.read_text().endswith("# mine\n")
    assert not (project / "app/services/invoice.py").exists()
    assert "invoices" not in (project / wiring.ROUTES).read_text()


def test_what_is_referred_to_is_not_undone(project: Path) -> None:
    main(["make", *INVOICE])
    main(["make", "payment", "invoice:ref(invoice)"])
    before = tree(project)

    assert main(["undo", "invoice"]) == 2
    assert tree(project) == before
    assert main(["undo", "payment"]) == 0
    assert main(["undo", "invoice"]) == 0


def test_rows_that_are_shared_do_not_refer_to_those_of_owners(project: Path) -> None:
    main(["make", *INVOICE])
    has_users = (project / "app/api/auth.py").exists()

    assert main(["make", "note", "invoice:ref(invoice)", "--shared"]) == (2 if has_users else 0)


def test_without_the_anchor_the_line_is_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / wiring.ROUTES
    file.write_text(file.read_text().replace(wiring.ANCHORS[wiring.ROUTES], ""))
    before = file.read_text()

    assert main(["make", *INVOICE]) == 0

    assert file.read_text() == before
    assert '"Invoices": ("app.api.v1.endpoints.invoices"' in capsys.readouterr().err


def test_diff_shows_what_would_be_written_today(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["make", *INVOICE])
    main(["make", "invoice", "--diff"])
    same = capsys.readouterr().out
    changed = project / "app/models/invoice.py"
    changed.write_text(changed.read_text().replace("String(100)", "String(90)"))

    assert main(["make", "invoice", "--diff"]) == 0

    assert same == ""
    assert "-    number: Mapped[str] = mapped_column(String(90)" in capsys.readouterr().out

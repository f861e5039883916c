"""`just resource`: what a line may say, and what is written."""

from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from dev.project import ROOT
from dev.resource import commands, render, spec
from dev.resource.__main__ import main, parser
from dev.resource.render import VARIANTS, targets
from dev.resource.spec import Resource, plural_of

INVOICE = ["invoice", "number:str:unique", "amount:money", "status:enum(draft,sent,paid)"]


def read(line: Sequence[str]) -> Resource:
    """Understand a line."""
    return commands.understand(parser().parse_intermixed_args(line))


def copy_project(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Copy what `just resource` reads, and let it work there, without a database."""
    files = {*targets(read(INVOICE)), "ruff.toml", commands.WIRING}
    models = {file.relative_to(ROOT).as_posix() for file in (ROOT / "app/models").glob("*.py")}
    users = {"app/api/auth.py"} if (ROOT / "app/api/auth.py").exists() else set()
    for file in files | models | users:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / file).read_bytes())
    for module in (commands, render, spec):
        patch.setattr(module, "ROOT", folder)
    patch.setattr(commands, "MADE", folder / "dev/resource/made")
    patch.setattr("dev.resource.migration.development", unavailable)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A project in which no test changes anything."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("unchanged")
        copy_project(folder, patch)
        yield folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to make resources in."""
    copy_project(tmp_path, monkeypatch)
    return tmp_path


def unavailable() -> None:
    """Fail as without a database."""
    raise commands.LauncherError("The database does not answer.")


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "invoice",
        "Invoice number:str",
        "in-voice number:str",
        "../invoice number:str",
        "invoice_ number:str",
        "1invoice number:str",
        f"{'a' * 31} number:str",
        "class number:str",
        "list number:str",
        "user number:str",
        "order number:str",
        "page number:str",
        "specimen number:str",
        "session number:str",
        "invoice number",
        "invoice number:",
        "invoice :str",
        "invoice number:string",
        "invoice number:str:primary",
        "invoice number:str:unique:index",
        "invoice number:str?:unique? ",
        "invoice Number:str",
        "invoice num-ber:str",
        "invoice id:uuid",
        "invoice version:int",
        "invoice created_at:datetime",
        "invoice owner_id:uuid",
        "invoice page:int",
        "invoice q:str",
        "invoice class:str",
        "invoice select:str",
        "invoice metadata:str",
        "invoice model_name:str",
        "invoice json:str",
        "invoice number:str number:int",
        "invoice price:money min_price:int",
        "invoice status:enum",
        "invoice status:enum()",
        "invoice status:enum(a,a)",
        "invoice status:enum(a,)",
        "invoice status:enum(a'b)",
        "invoice read:enum(a,b)",
        "invoice number:str(5)",
        "invoice size:int(5)",
        "invoice size:int(5,1)",
        "invoice size:int(a,b)",
        "invoice size:int(0,99999999999)",
        "invoice size:int:counted",
        "invoice note:text:unique",
        "invoice note:text:index",
        "invoice open:bool:unique",
        "invoice size:int=1.5",
        "invoice size:int=99999999999",
        "invoice size:int(0,5)=6",
        "invoice open:bool=yes",
        "invoice amount:money=-1",
        "invoice due_on:date=tomorrow",
        "invoice sent_at:datetime=2030-01-31T12:00:00",
        "invoice token:uuid=1",
        "invoice status:enum(a,b)=c",
        "invoice number:str=",
        "invoice number:str:unique=a",
        "invoice buyer:ref",
        "invoice buyer:ref()",
        "invoice buyer:ref(nothing)",
        "invoice buyer:ref(../user)",
        "invoice parent:ref(invoice)",
        "invoice number:str --plural",
        "invoice number:str --plural invoice",
        "invoice number:str --plural Bills",
        "invoice number:str --plural users",
        "invoice number:str --private",
        "invoice number:str --share",
    ],
)
def test_a_bad_line_is_refused_in_a_sentence_and_changes_nothing(
    unchanged: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    before = tree(unchanged)

    code = main(["make", *line.split()])

    output = capsys.readouterr()
    assert (code, output.out, output.err.count("\n")) == (2, "", 1), output.err
    assert output.err.strip().endswith(".")
    assert tree(unchanged) == before


def test_a_resource_is_written_wired_and_noted(project: Path) -> None:
    before = tree(project)

    assert main(["make", *INVOICE]) == 0

    new = tree(project).keys() - before.keys()
    assert new == {*targets(read(INVOICE)).values(), "dev/resource/made/invoice.json"}
    wired = (project / commands.WIRING).read_text()
    assert wired.count('"Invoices": ("app.api.v1.endpoints.invoices", "Invoices"),') == 1


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
    assert "invoices" not in (project / commands.WIRING).read_text()


@pytest.mark.parametrize("name", ["invoice", "user", "../x", ""])
def test_only_what_was_made_can_be_undone(unchanged: Path, name: str) -> None:
    assert main(["undo", name]) == 2


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
    wiring = project / commands.WIRING
    wiring.write_text(wiring.read_text().replace(commands.ANCHOR, ""))
    before = wiring.read_text()

    assert main(["make", *INVOICE]) == 0

    assert wiring.read_text() == before
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


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("invoice", "invoices"),
        ("category", "categories"),
        ("day", "days"),
        ("box", "boxes"),
        ("address", "addresses"),
        ("branch", "branches"),
        ("order_line", "order_lines"),
    ],
)
def test_plurals_follow_simple_rules(name: str, plural: str) -> None:
    assert plural_of(name) == plural

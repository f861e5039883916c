"""`just resource`: what is written and compared."""

import ast
import re
from pathlib import Path

import pytest

from dev.resource import wiring
from dev.resource.__main__ import main
from dev.resource.existing import definitions
from dev.resource.render import VARIANTS, targets
from tests.dev.made_resources import QUITTANCE, copy_project, read, tree


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project to make resources in."""
    copy_project(tmp_path, monkeypatch)
    return tmp_path


def test_a_resource_is_written_wired_and_noted(project: Path) -> None:
    before = tree(project)

    assert main(["make", *QUITTANCE]) == 0

    new = tree(project).keys() - before.keys()
    assert new == {*targets(read(QUITTANCE)).values(), "dev/resource/made/quittance.json"}
    wired = (project / wiring.ROUTES).read_text()
    assert wired.count('"Quittances": ("app.api.v1.endpoints.quittances", "Quittances"),') == 1


def test_one_that_is_shared_names_the_permission_to_write(project: Path) -> None:
    has_users = (project / wiring.PERMISSIONS).exists()

    assert main(["make", *QUITTANCE, "--shared"]) == 0

    module = (project / "app/api/v1/endpoints/quittances.py").read_text()
    assert 'WRITE_PERMISSION = "quittance:write"\n' in module
    assert (project / wiring.PERMISSIONS).exists() == has_users


def test_without_a_database_the_command_for_the_migration_is_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["make", *QUITTANCE])

    assert 'just migration "add quittances"' in capsys.readouterr().err


def test_nothing_of_the_blueprint_is_left(project: Path) -> None:
    main(["make", "event_day", "number:str:unique", "parent:ref(event_day)?", "--cached"])

    for name in targets(read(["event_day", "number:str"])).values():
        text = (project / name).read_text().lower()
        assert "specimen" not in text
        assert "# begin" not in text
        assert not any(f"# {variant}:" in text for variant in VARIANTS)
        assert "a event" not in text


def test_the_words_of_the_line_stay_as_they_are(project: Path) -> None:
    line = ["quittance", "kind:enum(specimen,paid)", "specimens:int", "note:text=a specimen here"]

    assert main(["make", *line]) == 0

    schemas = (project / "app/schemas/quittance.py").read_text()
    assert 'QuittanceKind = Literal["specimen", "paid"]' in schemas
    assert 'specimens: Integer\n    note: LongText = "a specimen here"' in schemas


def test_a_resource_with_a_long_name_can_be_referred_to(project: Path) -> None:
    name = "wholesale_customer_association"

    assert main(["make", name, "number:str", "--plural", "associations"]) == 0
    assert main(["make", "quittance", f"customer:ref({name})"]) == 0

    factories = (project / "tests/quittances/factories.py").read_text()
    assert f"await make_{name}(client)" in factories


def test_nothing_but_tests_is_called_like_a_test_in_their_modules(project: Path) -> None:
    assert main(["make", "test_case", "number:str:unique", "before:ref(test_case)?"]) == 0

    for file in (project / "tests/test_cases").glob("test_*.py"):
        names = [name for node in ast.parse(file.read_text()).body for name in definitions(node)]
        functions = re.findall(r"^async def (\w+)", file.read_text(), re.MULTILINE)
        assert functions
        assert [name for name in names if re.match("[Tt]est", name) and name not in functions] == []


def test_default_values_that_the_linter_would_refuse_are_excused(project: Path) -> None:
    assert main(["make", "quittance", "host:str=0.0.0.0", "folder:str=/tmp/quittances"]) == 0

    for layer in ("models", "schemas"):
        text = (project / f"app/{layer}/quittance.py").read_text()
        assert re.search('"0.0.0.0".*# noqa: S104', text)
        assert re.search('"/tmp/quittances".*# noqa: S108', text)


@pytest.mark.parametrize(
    "file", ["tests/quittances.py", "app/models/quittance/__init__.py", "tests/quittances/notes.md"]
)
def test_a_module_and_a_folder_do_not_share_a_name(
    project: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    (project / file).parent.mkdir(parents=True, exist_ok=True)
    (project / file).touch()
    before = tree(project)

    assert main(["make", *QUITTANCE]) == 2

    assert "exists already." in capsys.readouterr().err
    assert tree(project) == before


def test_a_dry_run_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree(project)

    assert main(["make", *QUITTANCE, "--dry-run"]) == 0

    assert tree(project) == before
    assert "app/models/quittance.py" in capsys.readouterr().err


def test_a_resource_is_made_once(project: Path) -> None:
    main(["make", *QUITTANCE])
    before = tree(project)

    assert main(["make", *QUITTANCE]) == 2
    assert tree(project) == before


def test_rows_that_are_shared_do_not_refer_to_those_of_owners(project: Path) -> None:
    main(["make", *QUITTANCE])
    has_users = (project / "app/api/auth.py").exists()

    code = main(["make", "remittance", "quittance:ref(quittance)", "--shared"])

    assert code == (2 if has_users else 0)


def test_without_the_anchor_the_line_is_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / wiring.ROUTES
    file.write_text(file.read_text().replace(wiring.ANCHORS[wiring.ROUTES], ""))
    before = file.read_text()

    assert main(["make", *QUITTANCE]) == 0

    assert file.read_text() == before
    assert '"Quittances": ("app.api.v1.endpoints.quittances"' in capsys.readouterr().err


def test_diff_shows_what_would_be_written_today(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["make", *QUITTANCE])
    main(["make", "quittance", "--diff"])
    same = capsys.readouterr().out
    changed = project / "app/models/quittance.py"
    changed.write_text(changed.read_text().replace("String(100)", "String(90)"))

    assert main(["make", "quittance", "--diff"]) == 0

    assert same == ""
    assert "-    number: Mapped[str] = mapped_column(String(90)" in capsys.readouterr().out

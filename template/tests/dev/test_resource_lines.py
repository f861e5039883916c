"""`just resource`: a bad line is refused before anything is written."""

from collections.abc import Generator
from pathlib import Path

import pytest

from dev.resource.__main__ import main
from dev.resource.spec import plural_of
from tests.dev.made_resources import copy_project, tree


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A project in which no test changes anything."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("unchanged")
        copy_project(folder, patch)
        yield folder


@pytest.mark.parametrize(
    "line",
    [
        "",
        "quittance",
        "Quittance number:str",
        "in-voice number:str",
        "../quittance number:str",
        "quittance_ number:str",
        "1quittance number:str",
        f"{'a' * 31} number:str",
        "class number:str",
        "list number:str",
        "user number:str",
        "order number:str",
        "page number:str",
        "specimen number:str",
        "session number:str",
        "quittance number",
        "quittance number:",
        "quittance :str",
        "quittance number:string",
        "quittance number:str:primary",
        "quittance number:str:unique:index",
        "quittance number:str?:unique? ",
        "quittance Number:str",
        "quittance num-ber:str",
        "quittance id:uuid",
        "quittance version:int",
        "quittance created_at:datetime",
        "quittance owner_id:uuid",
        "quittance page:str",
        "quittance q:str",
        "quittance class:str",
        "quittance select:str",
        "quittance nothing:str",
        "quittance self:str",
        "quittance metadata:str",
        "quittance model_name:str",
        "quittance json:str",
        "quittance number:str number:int",
        "quittance price:money min_price:int",
        "quittance status:enum",
        "quittance status:enum()",
        "quittance status:enum(a,a)",
        "quittance status:enum(a,)",
        "quittance status:enum(a'b)",
        "quittance read:enum(a,b)",
        "quittance read:int(1,5)",
        "quittance size:int(0,5) size_query:enum(a,b)",
        "quittance line1:str:unique line_1:str:unique",
        f"{'a' * 29} {'b' * 30}:str:unique",
        "quittance number:str(5)",
        "quittance size:int(5)",
        "quittance size:int(5,1)",
        "quittance size:int(a,b)",
        "quittance size:int(0,99999999999)",
        "quittance size:int:counted",
        "quittance note:text:unique",
        "quittance note:text:index",
        "quittance open:bool:unique",
        "quittance size:int=1.5",
        "quittance size:int=99999999999",
        "quittance size:int(0,5)=6",
        "quittance open:bool=yes",
        "quittance amount:money=-1",
        "quittance due_on:date=tomorrow",
        "quittance sent_at:datetime=2030-01-31T12:00:00",
        "quittance token:uuid=1",
        "quittance status:enum(a,b)=c",
        "quittance number:str=",
        "quittance number:str:unique=a",
        "quittance buyer:ref",
        "quittance buyer:ref()",
        "quittance buyer:ref(nothing)",
        "quittance buyer:ref(../user)",
        "quittance parent:ref(quittance)",
        "quittance quittance:ref(quittance)?",
        "quittance lock:ref(quittance)?",
        "quittance type:ref(quittance)?",
        "quittance number:str --plural",
        "quittance number:str --plural quittance",
        "quittance number:str --plural Bills",
        "quittance number:str --plural docs",
        "quittance number:str --plural health",
        "health number:str",
        "name name:str",
        "data data:text",
        "datum data:text --plural data",
        "warning number:str",
        "quittance file:ref(quittance)?",
        "l number:str",
        "quittance l:int",
        "quittance l:ref(quittance)?",
        "quittance count:int",
        "quittance index:int",
        "quittance row_count:int",
        "quittance t:str",
        "quittance tuple:str",
        "quittance number:str --private",
        "quittance number:str --share",
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


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("status:enum()", "write the values once each"),
        ("status:enum(a,)", "write the values once each"),
        ("buyer:ref()", "write ref(resource)"),
        ("size:int()", "write the smallest and the largest number"),
        ("number:str()", "str takes nothing in parentheses"),
    ],
)
def test_parentheses_that_are_empty_are_explained(
    unchanged: Path, capsys: pytest.CaptureFixture[str], field: str, sentence: str
) -> None:
    assert main(["make", "quittance", field]) == 2

    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("name", ["quittance", "user", "../x", ""])
def test_only_what_was_made_can_be_undone(unchanged: Path, name: str) -> None:
    assert main(["undo", name]) == 2


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("quittance", "quittances"),
        ("category", "categories"),
        ("day", "days"),
        ("box", "boxes"),
        ("address", "addresses"),
        ("branch", "branches"),
        ("price_list", "price_lists"),
    ],
)
def test_plurals_follow_simple_rules(name: str, plural: str) -> None:
    assert plural_of(name) == plural

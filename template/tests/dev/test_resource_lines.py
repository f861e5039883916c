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
        "invoice page:str",
        "invoice q:str",
        "invoice class:str",
        "invoice select:str",
        "invoice nothing:str",
        "invoice self:str",
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
        "invoice read:int(1,5)",
        "invoice size:int(0,5) size_query:enum(a,b)",
        "invoice line1:str:unique line_1:str:unique",
        f"{'a' * 29} {'b' * 30}:str:unique",
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
        "invoice invoice:ref(invoice)?",
        "invoice lock:ref(invoice)?",
        "invoice type:ref(invoice)?",
        "invoice number:str --plural",
        "invoice number:str --plural invoice",
        "invoice number:str --plural Bills",
        "invoice number:str --plural docs",
        "invoice number:str --plural health",
        "health number:str",
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


@pytest.mark.parametrize("name", ["invoice", "user", "../x", ""])
def test_only_what_was_made_can_be_undone(unchanged: Path, name: str) -> None:
    assert main(["undo", name]) == 2


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("invoice", "invoices"),
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

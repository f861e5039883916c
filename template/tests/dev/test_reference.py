"""docs/reference.md: what it must name, when it is written, and when it is stale."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import pytest
from fastapi import FastAPI
from pydantic import Field, SecretStr

from app.core.settings import CommaSeparated
from dev.project import ROOT
from dev.reference.__main__ import PAGE, main
from dev.reference.code import commands, recipes
from dev.reference.page import page, table
from dev.reference.settings import read_example, type_of
from tests.blueprint.factories import SPECIMENS

CODE = re.compile(r"`([a-z_]+)`: ")


@pytest.fixture
def text(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("ENVIRONMENT", "DATABASE_URL", "SECRET_KEY"):  # which the command sets
        monkeypatch.setenv(name, os.environ[name])
    return page()


def rows(text: str, title: str) -> dict[str, list[str]]:
    """Return the cells of a section's table by the first of them."""
    section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    return {cells[0].strip("|` "): cells for cells in lines}


def declared_codes(app: FastAPI) -> Iterator[str]:
    for path, operations in app.openapi()["paths"].items():
        # The tests add the blueprint, which the service has not got.
        for operation in [] if path.startswith(SPECIMENS) else operations.values():
            for response in operation["responses"].values():
                yield from CODE.findall(response["description"])


def test_every_setting_is_there(text: str) -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines if re.match("[A-Z]", line)]

    assert list(rows(text, "Settings")) == names


def test_every_code_of_the_api_document_is_there_once(text: str, app: FastAPI) -> None:
    codes = set(declared_codes(app))

    assert {"internal_error", "dependency_unavailable"} <= codes
    assert codes - rows(text, "Error codes").keys() == set()
    assert text.count("\n| `validation_error` |") == 1


def test_every_command_is_there(text: str) -> None:
    assert {"python -m app serve", "python -m app migrate"} <= rows(
        text, "Commands of the service"
    ).keys()
    assert {"just dev", "just migration MESSAGE", "just test [ARGS…]"} <= rows(
        text, "Commands of the project"
    ).keys()
    assert all(does for _, does in [*commands(), *recipes()])


def test_the_page_is_the_same_every_time(text: str) -> None:
    assert page() == text


def test_a_comment_describes_the_variable_right_below_it() -> None:
    example = "# Settings\n\n# The size\n# in cups\nPOT=2\nLID=\n\nCUP=3\n"

    found = [(one.name, one.default, one.description) for one in read_example(example)]

    assert found == [("POT", "2", "The size in cups"), ("LID", "", ""), ("CUP", "3", "")]


@pytest.mark.parametrize(
    ("annotation", "described"),
    [
        (str, "text"),
        (bool | None, "`true` or `false`"),
        (Annotated[int, Field(ge=1, le=9)], "whole number, ≥ 1, ≤ 9"),
        (Annotated[float, Field(gt=0)] | None, "number, > 0"),
        (Literal["green", "black"], "`green`, `black`"),
        (CommaSeparated[str], "list"),
        (dict[str, int], "JSON object"),
        (SecretStr | None, "secret"),
    ],
)
def test_a_type_is_described_with_its_bounds(annotation: object, described: str) -> None:
    assert type_of(annotation) == described


def test_a_section_without_rows_is_left_out() -> None:
    assert table("## Empty\n", ("Name", "Use"), []) == ""
    assert table("## One\n", ("Name", "Use"), [("a|b", "")]).endswith("| a\\|b | |\n")


def test_the_page_is_written_once_and_a_stale_one_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()

    assert PAGE.check("# Reference\n", tmp_path) == 0  # a new project has none yet
    assert PAGE.write("# Reference\n", tmp_path) == 0
    assert (tmp_path / PAGE.path).read_text() == "# Reference\n"
    assert PAGE.check("# Reference\n", tmp_path) == 0
    assert PAGE.check("# Another\n", tmp_path) == 1
    assert "run `just reference`" in capsys.readouterr().err


def test_another_command_shows_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["print"]) == 2
    assert "dev.reference check" in capsys.readouterr().err

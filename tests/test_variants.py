"""Every row of the matrix is rendered and must be final: parsed, linted, formatted as it is."""

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests import combinations, questions
from tests.combinations import Answers
from tests.conftest import Render

ROWS = combinations.many(paper=True)
LEFT_OVER = re.compile(r"(?<!\$){[{%#]")


@pytest.fixture(params=ROWS.values(), ids=list(ROWS))
def project(request: pytest.FixtureRequest, render: Render) -> Path:
    """Return one rendered row."""
    answers: Answers = request.param
    return render(**answers)


def files(project: Path, *suffixes: str) -> list[Path]:
    return [path for path in sorted(project.rglob("*")) if path.suffix in suffixes]


def ruff(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ruff with the project's own rules, and no cache that would change a shared render."""
    command = ["ruff", *arguments, "--no-cache", "."]
    return subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)


def test_the_rows_hold_every_pair_of_choices() -> None:
    choices = combinations.parameters(paper=True)
    seen = combinations.paired_rows(paper=True)

    for first, x in ((name, value) for name, values in choices.items() for value in values):
        for second, y in ((name, value) for name, values in choices.items() for value in values):
            if first != second and combinations.is_possible({first: x, second: y}):
                assert any(row[first] == x and row[second] == y for row in seen)
    assert len(seen) < 40


def test_the_rows_hold_every_preset_and_each_toggle_alone_and_missing() -> None:
    toggles, needs = questions.toggles(), questions.requires()
    shown = [frozenset(effect.split("-")) & frozenset(toggles) for effect in ROWS]

    assert len(toggles) >= 1
    for chosen in toggles:
        depending = {name for name, need in needs.items() if need == chosen}
        assert frozenset({chosen, needs.get(chosen, chosen)}) in shown
        assert frozenset(toggles) - {chosen} - depending in shown
    for preset in questions.presets():
        assert frozenset(questions.preset_features(preset)) in shown


def test_every_python_file_parses(project: Path) -> None:
    modules = files(project, ".py")

    assert len(modules) > 20
    for path in modules:
        ast.parse(path.read_text(), filename=str(path))


def test_ruff_finds_nothing_and_would_format_nothing(project: Path) -> None:
    checked = ruff(project, "check", "--output-format=concise")
    formatted = ruff(project, "format", "--check")

    assert checked.returncode == 0, checked.stdout
    assert formatted.returncode == 0, formatted.stdout


def test_every_configuration_file_can_be_read(project: Path) -> None:
    readers = {".toml": tomllib.loads, ".json": json.loads, ".yml": yaml.safe_load}
    readers[".yaml"] = readers[".yml"]
    found = files(project, *readers)

    assert {"pyproject.toml", "ruff.toml", ".copier-answers.yml"} <= {path.name for path in found}
    for path in found:
        assert readers[path.suffix](path.read_text()), path


def test_no_template_syntax_is_left(project: Path, source: Path) -> None:
    templates = [path.relative_to(source / "template") for path in source.rglob("*.jinja")]
    rendered = [project / path.with_suffix("") for path in templates]

    left = [str(path) for path in rendered if path.is_file() and LEFT_OVER.search(path.read_text())]
    assert len(rendered) > 5
    assert left == []


def test_no_folder_is_empty_and_no_line_is_blank_twice_at_an_end(project: Path) -> None:
    empty = [path for path in project.rglob("*") if path.is_dir() and not any(path.iterdir())]
    untidy = [
        path.name
        for path in project.rglob("*")
        if path.is_file() and (text := path.read_text()) and re.search(r"\n\n\Z|^\n|\n{4}", text)
    ]

    assert empty == []
    assert untidy == []


def test_exactly_one_licence_is_granted_under_the_authors_name(project: Path) -> None:
    licence = (project / "LICENSE").read_text()
    marks = ("MIT License", "Apache License", "BSD 3-Clause License", "All rights reserved.")

    assert sum(mark in licence for mark in marks) == 1
    assert "Your Name" in licence

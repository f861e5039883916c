"""Names and texts with any characters are right in every format that they are rendered into."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.conftest import Render
from tests.projects import duplicate, start, update
from tests.test_questions import answers_of

PLAIN = "O'Brien & Söhne"
TEXT = r"""O'Brien "x" & <y> \ $HOME %n `z` *b* #1 [l](m)"""
OTHERS = ["_u_ ~~s~~ &lt;", "# first", "- first", "ends with \\", "ends with #", '"', "$A\\$B"]


def shown(markdown: str, block: str) -> str:
    """Return the text of the first heading or paragraph, as a reader sees it."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    start = next(place for place, token in enumerate(tokens) if token.type == f"{block}_open")
    children = tokens[start + 1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    return "".join(child.content for child in children)


def only(pattern: str, text: str) -> str:
    [found] = re.findall(pattern, text, re.MULTILINE)
    return found


@pytest.mark.parametrize("text", [PLAIN, TEXT, *OTHERS])
def test_every_file_has_the_text_as_it_was_given(render: Render, text: str) -> None:
    project = render(preset="full", project_name=text, project_slug="a", description=text)
    files = {path: path.read_text() for path in (project / "deploy/systemd").glob("*.service")}
    readme, dockerfile = (project / "README.md").read_text(), (project / "Dockerfile").read_text()

    toml = tomllib.loads((project / "pyproject.toml").read_text())
    assert toml["tool"]["app"]["title"] == toml["project"]["description"] == text
    assert (shown(readme, "heading"), shown(readme, "paragraph")) == (text, text)
    label = only(r'title=(".*") \\$', dockerfile)
    assert re.findall(r"(?<!\\)(?:\\\\)*\$", label) == []
    assert json.loads(label.replace(r"\$", "$")) == text
    assert len(files) == 4
    for unit in files.values():
        described = only(r"^Description=(.*): [^:]*$", unit)
        assert described.replace("%%", "").count("%") == 0
        assert described.replace("%%", "%") == text


@pytest.mark.parametrize("terms", ["MIT", "Apache-2.0", "BSD-3-Clause", "proprietary"])
def test_the_author_is_named_as_given(render: Render, terms: str) -> None:
    project = render(author_name=TEXT, license=terms)

    toml = tomllib.loads((project / "pyproject.toml").read_text())
    assert toml["project"]["authors"][0]["name"] == TEXT
    assert TEXT in (project / "LICENSE").read_text()


def test_no_other_file_has_them(render: Render) -> None:
    project = render(preset="full", project_name="Zyx'1", description="Zyx'2", author_name="Zyx'3")

    with_text = {
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file() and b"Zyx'" in path.read_bytes()
    }
    deployed = {path for path in with_text if path.startswith("deploy/")}
    assert with_text - deployed == {
        *(".copier-answers.yml", "Dockerfile", "LICENSE", "README.md", "pyproject.toml")
    }
    # In the others it is a comment.
    lines = [line for path in deployed for line in (project / path).read_text().splitlines()]
    named = {line.partition("Zyx'1")[0] for line in lines if "Zyx'" in line}
    assert {start for start in named if not start.startswith("#")} == {"Description="}


def test_an_update_keeps_them(copied: Render, tmp_path: Path) -> None:
    given = {"project_name": TEXT, "project_slug": "a", "description": TEXT, "author_name": TEXT}
    project = start(duplicate(copied(**given), tmp_path / "project"))

    update(project, cache=True)

    assert given.items() <= answers_of(project).items()

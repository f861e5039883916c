"""Links, anchors and pictures of the documentation exist: here, and in generated services."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import questions
from tests.conftest import Render
from tests.questions import ROOT
from tests.rendering import working_tree

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)|(?:href|src)=\"(?P<html>[^\"]+)\"")
HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
ELSEWHERE = ("https://", "http://", "mailto:")
PICTURE_LIMIT = 150_000  # bytes: the first screen of the README is loaded at once
TEST_PATH = re.compile(r"`(?:uv run pytest )?(tests/[\w/]+(?:\.py)?)`")
RANGE = re.compile(r"\d+\u2013\d+")
README = (ROOT / "README.md").read_text()


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (anchor := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(anchor)
    return found


def broken(page: Path) -> Iterator[str]:
    """Yield the links of a page that lead nowhere."""
    for found in LINK.finditer(FENCE.sub("", page.read_text())):
        target = found["target"] or found["html"]
        if target.startswith(ELSEWHERE):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists():
            yield f"{page}: {target}: no such file"
        elif anchor and anchor not in anchors(file.read_text()):
            yield f"{page}: {target}: no such heading"


def test_links_of_this_repository_lead_somewhere() -> None:
    names = [name for name in working_tree() if name.endswith(".md")]
    pages = [ROOT / name for name in names if not name.startswith(("template/", "tests/"))]

    assert len(pages) > 20
    assert [fault for page in pages for fault in broken(page)] == []


@pytest.mark.parametrize("preset", questions.presets())
def test_links_of_a_service_lead_somewhere(render: Render, preset: str) -> None:
    pages = list(render(preset=preset).rglob("*.md"))

    assert len(pages) > 10
    assert [fault for page in pages for fault in broken(page)] == []


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("[a](#part-two-of-it)", None),
        ("[a](other.md#here)", None),
        ("![a](picture.svg)", "no such file"),
        ('<img src="picture.svg">', "no such file"),
        ("[a](#part-three)", "no such heading"),
        ("[a](other.md#there)", "no such heading"),
        ("[a](other.md#a-comment)", "no such heading"),
        ("```\n[a](gone.md)\n```", None),
    ],
)
def test_a_broken_link_is_reported(tmp_path: Path, link: str, fault: str | None) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n## Part `two`, of it\n\n{link}\n")
    (tmp_path / "other.md").write_text("# Here\n\n```sh\n# a comment\n```\n")

    reported = list(broken(page))

    assert [line.rpartition(": ")[2] for line in reported] == ([fault] if fault else [])


def test_headings_of_the_same_text_are_numbered() -> None:
    assert anchors("# A\n## B\n## B\n## B\n") == {"a", "b", "b-1", "b-2"}


def test_the_readme_is_short_and_its_pictures_small() -> None:
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", README)

    assert len(README.splitlines()) <= 150
    assert len(pictures) == 2
    assert all((ROOT / name).stat().st_size < PICTURE_LIMIT for name in pictures)


def test_a_picture_fetches_nothing() -> None:
    drawing = (ROOT / "docs/pictures/terminal.svg").read_text()

    assert "url(http" not in drawing
    assert "just resource invoice" in drawing.replace("&#160;", " ")


def test_the_readme_lists_every_question() -> None:
    table = README.partition("## Questions")[2].partition("##")[0]
    names = {
        name
        for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }

    assert names == set(questions.asked())


def test_the_numbers_of_the_readme_are_those_of_the_page_of_performance() -> None:
    table = README.partition("## What you get")[2].partition("| Promise |")[0]
    numbers = RANGE.findall(table)

    assert len(numbers) == 12
    assert set(numbers) <= set(RANGE.findall((ROOT / "docs/performance.md").read_text()))


def test_the_tests_that_the_readme_names_exist(render: Render) -> None:
    project = render(preset="full")
    section = README.partition("## What you get")[2].partition("\n## ")[0]
    paths = TEST_PATH.findall(section)

    assert len(paths) >= 15
    assert [path for path in paths if not (project / path).exists()] == []

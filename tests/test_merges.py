"""Users' edits to files that several features share survive every change of answers.

Shared files x feature transitions x edits: far more merges than whole updates could try.
"""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from itertools import permutations
from pathlib import Path

import pytest

from tests import combinations, questions, texts
from tests.combinations import Answers
from tests.conftest import Render
from tests.edits import EDITS, Edit, apply, before, replace
from tests.merges import Merge, wrong
from tests.projects import SEEDS, single

ANCHOR = re.compile(r"^ *# project [a-z ]+\n", re.MULTILINE)
# The template's own: users register their code in app/main.py.
GENERATED = {"app/features.py", "app/api/example.py", "app/api/router.py"}
# Another answer makes another text of them, from the first line to the last.
REPLACED = {"LICENSE", "docs/ci.md"}
MINE = "# Mine, since Monday.\n"


def transitions() -> Iterator[tuple[Answers, Answers]]:
    """Yield from and to: in each preset, each choice of each question to each other one."""
    for preset in combinations.preset_rows():
        for name in combinations.parameters(paper=True):
            sides = [preset | single(name, value) for value in questions.choices(name)]
            yield from permutations(sides, 2)


@cache
def changes() -> dict[tuple[str, str, str], str]:
    """Return each change of a file that a transition makes, with a transition that makes it."""
    found: dict[tuple[str, str, str], str] = {}
    variants: dict[str, dict[str, str]] = {}
    for first, then in transitions():
        for side in (first, then):
            if str(side) not in variants:
                variants[str(side)] = dict(texts.rendered(texts.answers(**side)))
        old, new = variants[str(first)], variants[str(then)]
        for path in sorted(old.keys() & new.keys() - set(SEEDS)):
            if old[path] != new[path]:
                found.setdefault((path, old[path], new[path]), f"{path}: {first} to {then}")
    return found


def edits(path: str, text: str) -> Iterator[tuple[str, list[Edit]]]:
    """Yield edits of a file, by name."""
    if path not in REPLACED:
        yield "at its end", [lambda old: old + "\n" + MINE]
    if EDITS.get(path):
        yield "as in a project", EDITS[path]
    for found in ANCHOR.finditer(text):
        anchor = found[0]
        yield f"behind {anchor.strip()}", [lambda old, at=anchor: replace(at, at + MINE, old)]
    if path == "pyproject.toml":  # its lists end in the anchor, where users add their entries
        for line in ("    # project dependencies", "    # project development dependencies"):
            yield f"before {line.strip()}", [before(line, '    "polars>=1.3",')]


def usual() -> list[Merge]:
    """Return all merges of the usual edits."""
    return [
        Merge(f"{name}, edited {what}", old, apply(edit, old), new, apply(edit, new))
        for (path, old, new), name in changes().items()
        for what, edit in edits(path, old)
    ]


def anywhere(step: int) -> Iterator[Merge]:
    """Yield a merge for a line added between any two lines that the change leaves together."""
    for (path, old, new), name in changes().items():
        if path in GENERATED:
            continue
        was, becomes = old.splitlines(keepends=True), new.splitlines(keepends=True)
        blocks = SequenceMatcher(None, was, becomes, autojunk=False).get_matching_blocks()
        places = [(b.a + n, b.b + n) for b in blocks for n in range(2, b.size - 1)]
        for i, j in places[::step]:
            edited = "".join([*was[:i], MINE, *was[i:]])
            expected = "".join([*becomes[:j], MINE, *becomes[j:]])
            yield Merge(f"{name}, edited at line {i + 1}", old, edited, new, expected)


def test_a_text_rendered_here_equals_that_of_copier(render: Render) -> None:
    for row in combinations.preset_rows():
        project = render(**row)
        expected = dict(texts.rendered(texts.answers(**row)))
        there = {path for path in texts.sources() if (project / path).exists()}

        assert {path: (project / path).read_text() for path in there} == expected


@pytest.mark.parametrize("context", [3, 10], ids="{}-lines-of-context".format)
def test_a_usual_edit_survives_every_change(tmp_path: Path, context: int) -> None:
    merges = usual()

    assert len({merge.name.partition(":")[0] for merge in merges}) > 20
    assert wrong(merges, tmp_path, context) == []


# With fewer lines of context, git takes one step of a pipeline for another that looks like it.
@pytest.mark.parametrize(
    "step", [pytest.param(7, id="some"), pytest.param(1, id="all", marks=pytest.mark.thorough)]
)
def test_an_edit_anywhere_else_survives_every_change(tmp_path: Path, step: int) -> None:
    merges = list(anywhere(step))

    assert len(merges) > 5000
    assert wrong(merges, tmp_path, context=10) == []


def test_a_conflict_and_a_misplaced_edit_are_reported(tmp_path: Path) -> None:
    old, new, edited = "a\nb\nc\n", "a\nB\nc\n", "a\nbb\nc\n"
    good = Merge("good", old, "a\nb\nc\nd\n", new, "a\nB\nc\nd\n")
    conflict = Merge("conflict", old, edited, new, "a\nBbb\nc\n")
    misplaced = Merge("misplaced", old, "a\nb\nc\nd\n", new, "d\na\nB\nc\n")

    assert wrong([conflict, good, misplaced], tmp_path, context=3) == ["conflict", "misplaced"]

"""Real renders equal the predictions of the static checks, byte for byte."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from tests import combinations, questions
from tests.combinations import Answers
from tests.conftest import Render
from tests.coverage_summary import count_covered
from tests.rendering import Tree, read_tree
from tests.static_checks import answers
from tests.static_checks.template import Template
from tests.static_checks.variants import decisions, rows

# Written by Copier, of its own accord; tests/test_questions.py reads it.
ANSWERS = ".copier-answers.yml"
SEEDS = range(6)


@pytest.fixture(scope="module")
def template(source: Path) -> Template:
    """Return the template in the working tree."""
    return Template(source)


def chosen(seed: int) -> Answers:
    """Return a random answer to every question that has choices."""
    draw = Random(seed)  # noqa: S311  (the same in every run)
    row = {
        name: draw.choice(values) for name, values in combinations.parameters(paper=True).items()
    }
    needs = questions.requires()
    return row | {name: False for name, need in needs.items() if not row[need]}


def predicted(template: Template, row: Answers) -> Tree:
    """Return the project that the model expects."""
    place = template.space.where({name: row[name] for name in template.space.choices})
    tree: Tree = {}
    for output, source in template.sources.items():
        if not template.present(output) & place:
            continue
        names = {*template.names(source), *decisions(template, source)}
        own = {name: answers.value(name, row) for name in names}
        text = source.content
        if source.is_template:
            compiled = template.environment.get_template(f"template/{source.name}")
            text = compiled.render(answers.texts() | own).encode()
        tree[output] = (source.mode, text)
        deciding = {name: own[name] for name in decisions(template, source)}
        assert is_a_variant(template, output, deciding), output
    return tree


def is_a_variant(template: Template, output: str, deciding: dict[str, Any]) -> bool:
    """Return whether a file with these answers is one of the checked variants."""
    source = template.sources[output]
    if not source.is_template:
        return True
    return any(deciding.items() <= row.items() for row in rows(template, source))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_real_render_is_what_was_predicted(template: Template, render: Render, seed: int) -> None:
    row = chosen(seed)

    project = render(preset="custom", **row)

    real, expected = read_tree(project), predicted(template, row)
    kept = yaml.safe_load(real.pop(ANSWERS)[1])
    folders = {name for name in real if name.endswith("/")}
    assert {name: real[name] for name in real.keys() - folders} == expected
    assert folders == {f"{above}/" for name in expected for above in list(Path(name).parents)[:-1]}
    assert {name: value for name, value in row.items() if kept.get(name, False) != value} == {}
    count_covered("random real renders, as predicted", 1)


def test_the_renders_differ_in_all_that_can_be_chosen() -> None:
    drawn = [chosen(seed) for seed in SEEDS]

    for name in combinations.parameters(paper=True):
        assert len({row[name] for row in drawn}) > 1, name

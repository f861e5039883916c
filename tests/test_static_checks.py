"""What files refer to is there in all 2ⁿ combinations: docs/decisions/static-checks.md."""

from collections.abc import Callable, Iterator
from itertools import product
from math import prod
from pathlib import Path

import pytest

from tests import combinations, questions
from tests.coverage_summary import count_covered
from tests.static_checks import answers, imports, mentions
from tests.static_checks.distributions import BRINGERS
from tests.static_checks.fixtures import fixtures
from tests.static_checks.manifests import compose, folders, kubernetes
from tests.static_checks.modules import read
from tests.static_checks.needs import Need, unmet
from tests.static_checks.settings import settings
from tests.static_checks.space import Space
from tests.static_checks.template import Template
from tests.static_checks.use import use

Layer = Callable[[Template], Iterator[Need]]

# What is counted, and the least number: a check that finds nothing to check is broken.
LAYERS: dict[str, tuple[Layer, int]] = {
    "imports resolved to a module, a name, a dependency": (imports.imports, 3000),
    "modules that are imported": (use, 180),
    "fixtures that tests ask for": (fixtures, 1000),
    "settings that files name, or must": (settings, 200),
    "files, recipes and modules that texts speak of": (mentions.mentions, 150),
    "references in Compose files": (compose, 100),
    "references in manifests for Kubernetes": (kubernetes, 100),
    "folders that are never empty": (folders, 50),
}

# Taken before a test empties them.
GUARDED, EXEMPT = dict(imports.GUARDED), dict(mentions.EXEMPT)


@pytest.fixture(scope="module")
def template(source: Path) -> Template:
    """Return the template in the working tree."""
    return Template(source)


@pytest.mark.parametrize("what", LAYERS)
def test_nothing_is_missing_in_any_combination(template: Template, what: str) -> None:
    layer, floor = LAYERS[what]

    number = 0

    def needs() -> Iterator[Need]:  # one at a time: all of them take gigabytes
        nonlocal number
        for number, need in enumerate(layer(template), start=1):  # noqa: B007
            yield need

    assert list(unmet(template.space, needs())) == []
    assert number > floor
    count_covered(what, number)


def test_the_tables_contain_every_combination_of_choices(template: Template) -> None:
    choices = combinations.parameters(paper=True)
    silent = choices.keys() - template.space.choices.keys()

    assert set(questions.toggles()) <= template.space.choices.keys()
    assert silent == {"python_version"}, "it decides about no line and no file"
    count = template.space.possible.bit_count() * prod(len(choices[name]) for name in silent)
    count_covered("combinations of choices, each of them checked", count)


def test_a_table_equals_an_enumeration() -> None:
    space = Space(["observability", "websocket", "http2"])
    names = list(space.choices)

    rows = [dict(zip(names, row, strict=True)) for row in product(*space.choices.values())]
    possible = [row for row in rows if combinations.is_possible(row)]

    assert {"auth", "server"} < set(names)
    assert space.possible.bit_count() == len(possible) < len(rows)
    for name in ("observability", "http2", "websocket"):
        expected = [row for row in possible if answers.value(name, row)]
        assert (space.table(name) & space.possible).bit_count() == len(expected)
        assert all(space.where(row) & space.table(name) for row in expected)


def test_what_is_missing_is_reported_with_the_fewest_answers() -> None:
    space = Space(questions.toggles())
    table = space.where({"cache": True, "auth": False})

    assert space.explain(table) == "auth=False, cache=True"
    assert space.explain(space.possible) == "any answers"


def test_every_exception_is_still_needed(
    template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "GUARDED", {})
    monkeypatch.setattr(mentions, "EXEMPT", {})

    unguarded = list(unmet(template.space, imports.imports(template)))
    unexplained = list(unmet(template.space, mentions.mentions(template)))

    for file, name in GUARDED:
        assert any(file in said and name in said for said in unguarded), name
    for file, path in EXEMPT:
        assert any(file in said and path in said for said in unexplained), path


def test_every_module_in_the_list_of_distributions_is_imported(template: Template) -> None:
    imported = {name for one in read(template).all for _, name, _ in imports.found(one.tree)}

    unused = [
        key for key in BRINGERS if not any(f"{one}.".startswith(f"{key}.") for one in imported)
    ]
    assert unused == []

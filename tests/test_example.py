"""Without the example nothing names it; and it can be deleted by hand, whatever comes later."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.static_checks.space import Table
from tests.static_checks.template import Line, Source, Template

# Words of the example: its paths, modules, classes, functions, tables, settings, metrics and mails.
# "items" alone is the list in a page, "order" that of a list, and a rate that of requests.
NAMES = re.compile(
    r"""
    /(?:items|orders|rates|statistics)\b
    | \b(?:models|schemas|repositories|services|endpoints|handlers|clients|tests)
      [./](?:items?|orders?|rates?|statistics)\b(?!\()
    | \bItems?(?:[A-Z]\w*)?\b | \bOrders\b | \bOrder[A-Z]\w*(?<!OrderedDict) | \bRates[A-Z]\w*
    | \bStatistics\b | \bEXAMPLE_
    | \b(?:make|list|get|create|update|delete|export|confirm|cancel)_(?:items?|orders?|rates)\b
    | \bRATES_ | \brates_(?:url|feature)\b | \border(?:s_total|_confirmation|_lines)\b
    | \bitems[._]export | \b(?:your|of|and|with|for)\ (?:items|orders)\b
    | ["'](?:items|orders|order_lines)["'],\s*$ | \bexchange\ rates?\b
    """,
    re.VERBOSE,
)
PATHS = re.compile(r"(?:^|/|_)(?:items?|orders?|rates?|statistics)(?:_|\.|/)")
# The limiter of rates, and the order of the middleware.
OTHERS = re.compile(r"rate_limit|tests/rate_limit/test_rate\.py|tests/middleware/test_order\.py")


@pytest.fixture(scope="module")
def template(source: Path) -> Template:
    """Return the template in the working tree."""
    return Template(source)


def without(template: Template) -> Table:
    """Return all combinations without the example."""
    return template.space.where({"example": False})


def rendered(template: Template) -> Iterator[tuple[Source, Line]]:
    """Yield each line that some combination without the example renders."""
    table = without(template)
    for output, source in template.sources.items():
        if template.present(output) & table:
            yield from ((source, one) for one in source.lines if template.when(source, one) & table)


def test_a_service_without_the_example_has_no_path_that_names_it(template: Template) -> None:
    table = without(template)
    paths = [path for path in template.sources if template.present(path) & table]

    assert len(paths) > 400
    assert [path for path in paths if PATHS.search(OTHERS.sub("", path))] == []


def test_a_service_without_the_example_has_no_line_that_names_it(template: Template) -> None:
    lines = list(rendered(template))

    found = [
        f"{one.name}:{line.number}: {line.text}" for one, line in lines if NAMES.search(line.text)
    ]
    assert len(lines) > 20_000
    assert found == []


def test_the_words_are_those_of_the_example(template: Template) -> None:
    """Each alternative of the pattern is found where the example is."""
    text = "\n".join(one.text for one in template.sources.values())

    for alternative in NAMES.pattern.split("\n    | "):
        assert re.search(alternative, text, re.VERBOSE | re.MULTILINE), alternative

"""Every distinct text that any file can have parses, is linted and is formatted.

A file's text depends on a few answers. Its variants are rendered one by one, about a millisecond
each, and represent all combinations; tests/test_predictions.py compares them with real renders.
"""

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

import pytest

from tests.coverage_summary import count_covered
from tests.static_checks import linting, reading
from tests.static_checks.template import Template
from tests.static_checks.variants import Fault, Variant, distinct

LICENCES = ("MIT License", "Apache License", "BSD 3-Clause License", "All rights reserved.")


@pytest.fixture(scope="module")
def template(source: Path) -> Template:
    """Return the template in the working tree."""
    return Template(source)


@pytest.fixture(scope="module")
def rendered(template: Template) -> list[Variant | Fault]:
    """Return every variant of every file."""
    return list(distinct(template))


@pytest.fixture(scope="module")
def variants(rendered: list[Variant | Fault]) -> list[Variant]:
    """Return those that could be rendered."""
    return [one for one in rendered if isinstance(one, Variant)]


def test_every_variant_can_be_rendered(template: Template, rendered: list[Variant | Fault]) -> None:
    assert [str(one) for one in rendered if isinstance(one, Fault)] == []
    assert {one.source.output for one in rendered if isinstance(one, Variant)} == {
        *template.sources
    }
    count_covered("files of the template", len(template.sources))
    count_covered("distinct variants of them, rendered", len(rendered))


@pytest.mark.parametrize("check", [reading.unreadable, reading.litter, reading.adrift])
def test_every_variant_is_valid(
    variants: list[Variant], check: Callable[[Variant], Iterator[str]]
) -> None:
    assert [fault for variant in variants for fault in check(variant)] == []


def test_the_formats_that_have_a_parser_are_parsed(variants: list[Variant]) -> None:
    read = [variant for variant in variants if reading.reader(variant)]
    suffixes = {PurePath(variant.source.output).suffix for variant in read}

    assert suffixes == set(reading.READERS)
    count_covered("variants parsed (Python, TOML, YAML, JSON, variables)", len(read))


def test_a_list_that_users_add_to_ends_in_an_anchor(template: Template) -> None:
    anchored = {name for name, one in template.sources.items() if reading.anchors(one)}

    assert len(reading.anchors(template.sources["pyproject.toml"])) == 2
    assert anchored > {".env.example", "compose.yaml", "justfile", "pyproject.toml"}


def test_ruff_would_change_no_variant(
    template: Template, variants: list[Variant], tmp_path: Path
) -> None:
    python = [one for one in variants if one.source.output.endswith(".py")]

    written = linting.lay_out(template, python, tmp_path)

    assert len(written) == len(python) > 1000
    assert list(linting.complaints(tmp_path, written)) == []
    count_covered("variants linted and formatted by ruff", len(python))


def test_exactly_one_licence_is_granted_under_the_authors_name(variants: list[Variant]) -> None:
    texts = [one.text for one in variants if one.source.output == "LICENSE"]
    granted = [{mark for mark in LICENCES if mark in text} for text in texts]

    assert sorted(map(len, granted)) == [1] * len(LICENCES)
    assert set().union(*granted) == set(LICENCES)
    assert all("Your Name" in text for text in texts)

"""Which answers are rendered together, derived from `copier.yml`.

Every pair of choices occurs in some row: what breaks is almost always one feature, or two that
meet, while all 2ⁿ rows would double with each toggle. The rows are the same in every run.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from tests import questions

# They change texts and metadata, no code: their variants are rendered, not installed.
PAPER = ("license", "python_version")

Answers = dict[str, Any]
Choices = Mapping[str, Sequence[Any]]


def parameters(*, paper: bool) -> Choices:
    """Return what can be chosen beside the preset, name by name."""
    return {
        name: questions.choices(name)
        for name, question in questions.asked().items()
        if name != "preset"
        and (question["type"] == "bool" or "choices" in question)
        and (paper or name not in PAPER)
    }


def preset_rows() -> list[Answers]:
    """Return each preset as it comes."""
    return [{"preset": name} for name in questions.presets()]


def alone_and_missing() -> Iterator[Answers]:
    """Yield each toggle on its own, and each missing from all."""
    toggles = questions.toggles()
    for chosen in toggles:
        yield {"preset": "custom"} | {name: name == chosen for name in toggles}
        yield {"preset": "custom"} | {name: name != chosen for name in toggles}


def pairs(choices: Choices) -> list[Answers]:
    """Return rows in which any two choices of different questions meet at least once.

    Greedy: a row starts with the first pair still missing and takes, question by question, the
    choice that meets most of the others that are missing.
    """
    missing = {
        frozenset({(a, x), (b, y)})
        for a, b in combinations(choices, 2)
        for x, y in product(choices[a], choices[b])
    }
    rows = []
    while missing:
        row = dict(min(missing, key=_order))
        for name in choices:
            if name not in row:
                row[name] = max(choices[name], key=lambda x, n=name: _gain(row, n, x, missing))
        missing -= {frozenset(pair) for pair in combinations(row.items(), 2)}
        rows.append({name: row[name] for name in choices})
    return rows


def _gain(row: Answers, name: str, value: Any, missing: set[frozenset[tuple[str, Any]]]) -> int:
    return sum(frozenset({(name, value), other}) in missing for other in row.items())


def _order(pair: frozenset[tuple[str, Any]]) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in pair)


def rows(*, paper: bool) -> list[Answers]:
    """Return every row to render, each with the preset it needs, without repetition."""
    paired = [{"preset": "custom"} | row for row in pairs(parameters(paper=paper))]
    found: dict[str, Answers] = {}
    for row in [*preset_rows(), *alone_and_missing(), *paired]:
        found.setdefault(effect(row, paper=paper), row)
    return list(found.values())


def named_rows(*, paper: bool) -> dict[str, Answers]:
    """Return the rows by what they render, for the names of tests."""
    return {effect(row, paper=paper): row for row in rows(paper=paper)}


def effect(row: Answers, *, paper: bool) -> str:
    """Name what a row renders: two rows of the same name give the same files, presets aside."""
    full = {name: _chosen(name, row) for name in parameters(paper=paper)}
    words = [name for name, value in full.items() if value is True]
    words += [str(value) for value in full.values() if not isinstance(value, bool)]
    return "-".join(words)


def _chosen(name: str, row: Answers) -> Any:
    if name in row:
        return row[name]
    if name in questions.toggles():
        return name in questions.preset_features(row["preset"])
    return questions.questions()[name]["default"]

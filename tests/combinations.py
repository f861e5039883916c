"""Which answers are rendered together, derived from `copier.yml`.

Every pair of choices occurs in some row: what breaks is almost always one feature, or two that
meet, while all 2ⁿ rows would double with each toggle. The rows are the same in every run.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from tests import questions

# They change texts and metadata, no code: their variants are rendered, not installed.
PAPER = ("license", "python_version", "ci")

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
    """Yield each toggle on its own, and each missing from all, with what that entails."""
    toggles = questions.toggles()
    needs = questions.requires()
    for chosen in toggles:
        alone = {chosen, needs.get(chosen)}
        missing = {chosen, *(name for name, need in needs.items() if need == chosen)}
        yield {"preset": "custom"} | {name: name in alone for name in toggles}
        yield {"preset": "custom"} | {name: name not in missing for name in toggles}


def pairs(choices: Choices) -> list[Answers]:
    """Return rows in which any two choices of different questions meet at least once.

    Greedy: a row starts with the first pair still missing and takes, question by question, the
    choice that meets most of the others that are missing.
    """
    missing = {
        frozenset({(a, x), (b, y)})
        for a, b in combinations(choices, 2)
        for x, y in product(choices[a], choices[b])
        if is_possible({a: x, b: y})
    }
    rows = []
    while missing:
        row = dict(min(missing, key=_order))
        for name in choices:
            if name not in row:
                possible = [value for value in choices[name] if is_possible(row | {name: value})]
                row[name] = max(possible, key=lambda x, n=name: _gain(row, n, x, missing))
        missing -= {frozenset(pair) for pair in combinations(row.items(), 2)}
        rows.append({name: row[name] for name in choices})
    return rows


def is_possible(row: Answers) -> bool:
    """Say whether no toggle of a row is on while the one it needs is off."""
    needs = questions.requires().items()
    return not any(row.get(name) is True and row.get(need) is False for name, need in needs)


def _gain(row: Answers, name: str, value: Any, missing: set[frozenset[tuple[str, Any]]]) -> int:
    return sum(frozenset({(name, value), other}) in missing for other in row.items())


def _order(pair: frozenset[tuple[str, Any]]) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in pair)


def paired_rows(*, paper: bool) -> list[Answers]:
    """Return the rows in which all pairs meet, each with the preset it needs."""
    return [{"preset": "custom"} | row for row in pairs(parameters(paper=paper))]


def few(*, paper: bool) -> dict[str, Answers]:
    """Return the presets and the rows in which all pairs meet, by what they render."""
    return named([*preset_rows(), *paired_rows(paper=paper)], paper=paper)


def many(*, paper: bool) -> dict[str, Answers]:
    """Return these rows, and each toggle alone and missing."""
    return few(paper=paper) | named(alone_and_missing(), paper=paper)


def named(rows: Iterable[Answers], *, paper: bool) -> dict[str, Answers]:
    """Return rows by what they render, without repetition: it is the name of a test."""
    found: dict[str, Answers] = {}
    for row in rows:
        found.setdefault(effect(row, paper=paper), row)
    return found


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

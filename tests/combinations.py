"""Which answers are rendered together, derived from `copier.yml`.

Every pair of choices occurs in some row (pairwise testing): faults are almost always in one feature
or between two, and all 2ⁿ rows would double with each toggle. Rows of few toggles are quick to run,
so each toggle is tried alone first. The rows are the same in every run.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import Any

from tests import questions

# They change texts and metadata, no code: their variants are rendered, not installed.
PAPER = ("license", "python_version", "ci")

Answers = dict[str, Any]
Choices = Mapping[str, Sequence[Any]]
Meeting = frozenset[tuple[str, Any]]


def parameters(*, paper: bool) -> Choices:
    """Return the choices of each question except the preset, by name."""
    return {
        name: questions.choices(name)
        for name in questions.asked()
        if questions.is_choice(name) and (paper or name not in PAPER)
    }


def preset_rows() -> list[Answers]:
    """Return each preset with its defaults."""
    return [{"preset": name} for name in questions.presets()]


def alone() -> list[Answers]:
    """Return each toggle on its own, with the one it needs."""
    needs = questions.requires()
    return [only({chosen, needs.get(chosen)}, turn) for turn, chosen in _toggles()]


def missing() -> list[Answers]:
    """Return each toggle missing from all, with those that need it."""
    toggles, needs = set(questions.toggles()), questions.requires()
    without = [
        toggles - {chosen} - {name for name, need in needs.items() if need == chosen}
        for _, chosen in _toggles()
    ]
    # Not the same other choices as when it is alone.
    return [only(chosen, turn) for turn, chosen in enumerate(without, start=1)]


def only(chosen: Collection[str | None], turn: int) -> Answers:
    """Return a row of exactly these toggles. The other choices rotate."""
    row: Answers = {"preset": "custom"}
    for name, values in parameters(paper=False).items():
        if name in questions.toggles():
            row[name] = name in chosen
        else:
            turn, index = divmod(turn, len(values))
            row[name] = values[index]
    return row


def _toggles() -> Iterable[tuple[int, str]]:
    return enumerate(questions.toggles())


def servers() -> tuple[list[Answers], list[Answers]]:
    """Return rows for each server, over the databases: one each with nothing else, and the rest.

    The rest has each server on each database, and with all features on one of them.
    """
    servers, databases = questions.choices("server"), questions.choices("database")
    turns: list[Answers] = [
        {"server": server, "database": databases[turn % len(databases)]}
        for turn, server in enumerate(servers)
    ]
    first = [{"preset": "minimal"} | row for row in turns]
    every: list[Answers] = [
        {"preset": "minimal", "server": server, "database": database}
        for server in servers
        for database in databases
    ]
    # On the other database than alone.
    full: list[Answers] = [
        {"preset": "full", "server": row["server"], "database": databases[turn % len(databases)]}
        for turn, row in enumerate(turns, start=1)
    ]
    return first, [row for row in [*every, *full] if row not in first]


def covering(
    strength: int, rows: Iterable[Answers], *, paper: bool, turning: Collection[str] = ()
) -> list[Answers]:
    """Return the rows to add so that any combination of so many choices occurs in a row.

    Greedy: a row starts with the first choices that have not met and takes, question by question,
    the choice that lets most of the others meet. The choices of `turning` only take turns.
    """
    every = parameters(paper=paper)
    choices = {name: values for name, values in every.items() if name not in turning}
    unmet = {
        frozenset(zip(names, values, strict=True))
        for names in combinations(choices, strength)
        for values in product(*(choices[name] for name in names))
        if is_possible(dict(zip(names, values, strict=True)))
    }
    for row in rows:
        unmet -= _meetings(whole(row, paper=paper).items(), strength)
    found = []
    while unmet:
        row = dict(min(unmet, key=_order))
        for name in choices:
            if name not in row:
                possible = [value for value in choices[name] if is_possible(row | {name: value})]
                row[name] = max(possible, key=lambda x, n=name: _gain(row, n, x, strength, unmet))
        unmet -= _meetings(row.items(), strength)
        row |= {name: every[name][len(found) % len(every[name])] for name in turning}
        found.append({"preset": "custom"} | {name: row[name] for name in every})
    return found


def is_possible(row: Answers) -> bool:
    """Return whether every toggle of a row has the toggle it requires."""
    needs = questions.requires().items()
    return not any(row.get(name) is True and row.get(need) is False for name, need in needs)


def _meetings(choices: Iterable[tuple[str, Any]], strength: int) -> set[Meeting]:
    return {frozenset(some) for some in combinations(choices, strength)}


def _gain(row: Answers, name: str, value: Any, strength: int, unmet: set[Meeting]) -> int:
    others = combinations(row.items(), strength - 1)
    return sum(frozenset({(name, value), *some}) in unmet for some in others)


def _order(meeting: Meeting) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in meeting)


def few(*, paper: bool) -> dict[str, Answers]:
    """Return presets, each toggle alone, and the rows in which all other pairs meet, by name."""
    rows = [*preset_rows(), *alone()]
    return named([*rows, *covering(2, rows, paper=paper)], paper=paper)


def many(*, paper: bool) -> dict[str, Answers]:
    """Return these rows, each toggle missing from all, and the rows in which all triples meet.

    Triples with a server are left out: the tests of those rows start none.
    """
    rows = [*few(paper=paper).values(), *missing()]
    return named([*rows, *covering(3, rows, paper=paper, turning=["server"])], paper=paper)


def completed(
    names: Collection[str], rows: Mapping[str, Answers], choices: Collection[str]
) -> set[str]:
    """Return names of rows, and the few to add so that all pairs meet that meet in any row."""
    wholes = {name: whole(row, paper=False) for name, row in rows.items()}
    pairs = {
        name: _meetings([(one, row[one]) for one in choices], 2) for name, row in wholes.items()
    }
    found = set(names)
    while missing := set().union(*pairs.values()) - set().union(*(pairs[name] for name in found)):
        found.add(max(pairs, key=lambda name: (len(pairs[name] & missing), -name.count("-"))))
    return found


def named(rows: Iterable[Answers], *, paper: bool) -> dict[str, Answers]:
    """Return rows by what they render, without repetition: it is the name of a test."""
    found: dict[str, Answers] = {}
    for row in rows:
        found.setdefault(effect(row, paper=paper), row)
    return found


def effect(row: Answers, *, paper: bool) -> str:
    """Return a name for what a row renders: rows of equal names render equal files."""
    full = whole(row, paper=paper)
    words = [name for name, value in full.items() if value is True]
    words += [str(value) for value in full.values() if not isinstance(value, bool)]
    return "-".join(words)


def whole(row: Answers, *, paper: bool) -> Answers:
    """Return a row completed by its preset and the defaults."""
    return {name: _chosen(name, row) for name in parameters(paper=paper)}


def _chosen(name: str, row: Answers) -> Any:
    if name in row:
        return row[name]
    if name in questions.toggles():
        return name in questions.preset_features(row["preset"])
    return questions.questions()[name]["default"]

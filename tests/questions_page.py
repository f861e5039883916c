"""docs/reference.md: every question of `config/`. `python -m tests.questions_page` writes it."""

import re
from collections.abc import Iterator
from typing import Any

from tests import questions

FILE = questions.ROOT / "docs" / "reference.md"

INTRODUCTION = """\
# The questions

`just reference` writes this page from `config/`. On the command line an answer is
`--data database=sqlite`. `config/` has the validators, too.
"""
FEATURES = """\
## Features

`preset` decides which are on; with `preset=custom` they are chosen from a list, which on the
command line is `--data 'features=[auth, cache]'`. A single toggle counts before both:
`--data cache=true`.
"""
FILES = """\
## Files of a feature

Its tests, lines in shared files, and what needs two features come on top.
"""
HEAD = "| Question | Asks | Choices | Default |"
FEATURES_HEAD = "| Feature | Brings | On in | Needs |"


def page() -> str:
    """Return the page."""
    asked = questions.asked()
    general = [row(name, asked[name]) for name in asked if name not in questions.toggles()]
    features = [feature_row(name, brings) for name, brings in questions.features().items()]
    lines = [INTRODUCTION, HEAD, "| --- | --- | --- | --- |", *general, ""]
    lines += [FEATURES, FEATURES_HEAD, "| --- | --- | --- | --- |", *features, ""]
    return "\n".join([*lines, FILES, *files(), ""])


def row(name: str, question: dict[str, Any]) -> str:
    """Return the line of a question that is no feature."""
    default = str(question["default"])
    shown = "from the others" if "{{" in default else f"`{default}`"
    return f"| `{name}` | {help_of(question)} | {', '.join(shown_choices(question))} | {shown} |"


def shown_choices(question: dict[str, Any]) -> Iterator[str]:
    """Yield the choices, each with its label unless that says the same."""
    listed = question.get("choices", ["text"])
    if question.get("multiselect"):
        yield "any of the features below"
        return
    if not isinstance(listed, dict):
        yield from (choice if choice == "text" else f"`{choice}`" for choice in listed)
        return
    for label, value in listed.items():
        note = re.search(r"\((.*)\)", label)
        yield f"`{value}`" + (f" ({note[1]})" if note else "")


def feature_row(name: str, brings: str) -> str:
    """Return the line of a feature."""
    presets = [
        preset for preset in questions.presets() if name in questions.preset_features(preset)
    ]
    needs = questions.requires().get(name)
    needed = f" `{needs}`" if needs else ""
    brought = brings.partition(" (needs")[0]
    return f"| `{name}` | {brought} | {', '.join(presets)} |{needed} |"


def help_of(question: dict[str, Any]) -> str:
    """Return what is asked, on one line."""
    return " ".join(question["help"].split()).replace("|", r"\|")


def files() -> Iterator[str]:
    """Yield the paths of each feature."""
    for name, paths in questions.exclusions().items():
        if name in questions.toggles():
            own = [f"`{path}`" for path in paths if not path.startswith("tests/")]
            yield f"- `{name}`: " + ", ".join(own)


if __name__ == "__main__":
    FILE.write_text(page())

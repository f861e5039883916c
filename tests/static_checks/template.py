"""The sources of the template: where each file, and each line of it, is rendered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from copier._main import Worker
from jinja2 import Environment, TemplateSyntaxError, meta
from pathspec import GitIgnoreSpec

from tests import questions
from tests.static_checks import answers
from tests.static_checks.space import Space, Table, both, either

SUFFIX = ".jinja"
STATEMENT = re.compile(r" *{% (?:if (?P<name>\w+)|endif) %}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a source, counted from 1, and its condition, if any."""

    number: int
    text: str
    condition: str | None


class Source:
    """A file under template/."""

    def __init__(self, top: Path, path: Path) -> None:
        self.name = path.relative_to(top).as_posix()
        self.is_template = self.name.endswith(SUFFIX)
        self.output = self.name.removesuffix(SUFFIX)
        self.mode = path.stat().st_mode & 0o777
        self.content = path.read_bytes()
        self.text = self.content.decode()

    @cached_property
    def lines(self) -> list[Line]:
        """Return what may be rendered: a statement is an empty line under no condition."""
        found: list[Line] = []
        condition = None
        for number, text in enumerate(self.text.splitlines(), start=1):
            statement = STATEMENT.fullmatch(text) if self.is_template else None
            condition = statement["name"] if statement else condition
            found.append(Line(number, "" if statement else text, None if statement else condition))
        return found

    @cached_property
    def whole(self) -> str:
        """Return the text with every condition true, with its line numbers."""
        return "\n".join(line.text for line in self.lines) + "\n"

    @property
    def conditions(self) -> set[str]:
        """Return the names in the conditions of lines."""
        return {line.condition for line in self.lines if line.condition}


class Template:
    """The template in a folder, with its `copier.yml`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        top = root / "template"
        found = [Source(top, path) for path in sorted(top.rglob("*")) if path.is_file()]
        self.answers_file = next(one for one in found if "_copier_conf" in one.name)
        self.sources = {one.output: one for one in found if one is not self.answers_file}
        self.exclusions = {
            name: GitIgnoreSpec.from_lines(patterns)
            for name, patterns in questions.exclusions().items()
            if name in questions.questions()
        }
        named = set(self.exclusions).union(*(one.conditions for one in self.sources.values()))
        self.space = Space(named & questions.questions().keys())
        self._present: dict[str, Table] = {}
        self._owned: dict[tuple[str, ...], Table] = {}

    @cached_property
    def environment(self) -> Environment:
        """Return Copier's own Jinja environment for this template."""
        return Worker(src_path=str(self.root), defaults=True, quiet=True).jinja_env

    def owners(self, output: str) -> list[str]:
        """Return the conditions without any of which a file or folder is not rendered."""
        return [name for name, spec in self.exclusions.items() if spec.match_file(output)]

    def present(self, output: str) -> Table:
        """Return where a file is rendered, or anything in a folder; nowhere, if it is unknown."""
        output = output.rstrip("/")
        if output not in self._present:
            self._present[output] = self._find(output)
        return self._present[output]

    def _find(self, output: str) -> Table:
        if output in self.sources:
            owners = tuple(self.owners(output))
            if owners not in self._owned:
                self._owned[owners] = self.space.where(dict.fromkeys(owners, True))
            return self._owned[owners]
        inside = [name for name in self.sources if name.startswith(f"{output}/")]
        return either(map(self.present, inside))

    def when(self, source: Source, line: Line | int) -> Table:
        """Return where a line of a file is rendered."""
        line = source.lines[line - 1] if isinstance(line, int) else line
        table = self.present(source.output)
        return table if line.condition is None else both(table, self.space.table(line.condition))

    def names(self, source: Source) -> set[str]:
        """Return the answers a file's text depends on, free texts aside."""
        if not source.is_template:
            return set()
        try:
            found = meta.find_undeclared_variables(self.environment.parse(source.text))
        except TemplateSyntaxError:
            return set()
        return {name for name in found & questions.questions().keys() if answers.inputs(name)}

    def python(self) -> Iterator[Source]:
        """Yield the sources of Python files."""
        return (one for name, one in self.sources.items() if name.endswith(".py"))

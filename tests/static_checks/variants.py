"""Every distinct variant of every file, rendered as Copier would render it."""

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import TemplateError

from tests.static_checks import answers
from tests.static_checks.answers import Row
from tests.static_checks.space import Space, Table
from tests.static_checks.template import Source, Template


@dataclass(frozen=True, slots=True)
class Variant:
    """One text a file can have, and the answers that give it."""

    source: Source
    row: Row
    text: str

    def __str__(self) -> str:
        """Name the file, and the answers its text depends on."""
        row = ", ".join(f"{name}={value}" for name, value in self.row.items())
        return f"{self.source.name} [{row}]"


@dataclass(frozen=True, slots=True)
class Fault:
    """A variant that Jinja cannot render."""

    variant: Variant
    message: str

    def __str__(self) -> str:
        return f"{self.variant}: {self.message}"


def variants(template: Template, source: Source) -> Iterator[Variant | Fault]:
    """Yield every variant of a file once."""
    if not source.is_template:
        yield Variant(source, {}, source.text)
        return
    texts = answers.texts()
    compiled = None
    for row in rows(template, source):
        try:
            compiled = compiled or template.environment.get_template(f"template/{source.name}")
            yield Variant(source, row, compiled.render(texts | row))
        except TemplateError as error:
            yield Fault(Variant(source, row, ""), f"{type(error).__name__}: {error}")


def distinct(template: Template) -> Iterator[Variant | Fault]:
    """Yield every text that any file can have, each once."""
    for source in template.sources.values():
        seen = set()
        for variant in variants(template, source):
            if isinstance(variant, Fault) or variant.text not in seen:
                seen.add(variant.text if isinstance(variant, Variant) else None)
                yield variant


def rows(template: Template, source: Source) -> Iterator[Row]:
    """Yield every set of answers that a file's lines and its presence can depend on.

    Answers that are only printed rotate: printing one does not change other lines, so each value
    has to occur once, and not with every other.
    """
    owners = dict.fromkeys(template.owners(source.output), True)
    deciding = decisions(template, source)
    printed = sorted(template.names(source) - set(deciding))
    space = Space({*deciding, *printed})
    found = list(space.rows(deciding, space.where(owners)))
    for turn in range(max([len(found), *(len(answers.values(name)) for name in printed)])):
        row, table = found[turn % len(found)]
        yield row | _turn(space, table, printed, turn)


def decisions(template: Template, source: Source) -> list[str]:
    """Return the names that decide which lines a file has, and whether it is rendered."""
    return sorted((source.conditions & template.names(source)) | {*template.owners(source.output)})


def _turn(space: Space, table: Table, names: list[str], turn: int) -> Row:
    """Choose values to be printed, others each time, from the possible ones."""
    row: Row = {}
    for name in names:
        possible = [value for value in answers.values(name) if table & space.table(name, value)]
        row[name] = possible[turn % len(possible)]
        table &= space.table(name, row[name])
    return row

"""The registrations of a rendered service, each of which can be taken out.

A registration is a line that makes something reachable: a feature in the list, a router, a
middleware, a handler, a signal, an entry of the schedule, a port that is told of a change. It is
found in the source, so that a new one is found too.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Functions that do nothing but register, with what they call for it.
REGISTRARS = {
    "app/api/router.py": {"add_routes"},
    "app/main.py": {"create_app", "lifespan"},
    "app/middleware/stack.py": {"add_middleware"},
}
REGISTERING = re.compile(r"^(app\.(include_router|add_middleware|mount)|add_\w+|feature\.setup)\(")
# Ports: what happens because of something else, elsewhere.
TELLING = re.compile(
    r"^(await )?(\w+\.)*(forget|post|announce|publish|count|after_commit)\((self\.)?(\w+\.)*session"
    r"|^after_commit\("
)
DECORATORS = re.compile(r"^(job|shared_task|\w+\.connect)\(")
LISTS = {"app/features.py": "FEATURES"}
TABLES = {"app/workers/config.py": "beat_schedule"}


@dataclass(frozen=True, slots=True)
class Registration:
    """Lines of a file, counted from 1, the last included, and what takes their place."""

    path: str
    first: int
    last: int
    text: str
    instead: str = ""

    @property
    def name(self) -> str:
        """Say what it is, in one line."""
        return f"{self.path}: {' '.join(self.text.split())[:70]}"

    def remove(self, project: Path) -> None:
        """Take it out."""
        path = project / self.path
        lines = path.read_text().splitlines(keepends=True)
        lines[self.first - 1 : self.last] = [self.instead] if self.instead else []
        path.write_text("".join(lines))


def registrations(project: Path) -> Iterator[Registration]:
    """Yield every registration of a project, file by file."""
    for path in sorted((project / "app").rglob("*.py")):
        name = path.relative_to(project).as_posix()
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            yield from _elements(name, source, node)
            yield from _statements(name, source, node)
            yield from _decorators(name, source, node)
    for number, line in enumerate((project / ".env.example").read_text().splitlines(), start=1):
        if re.match(r"[A-Z_]+=", line):
            yield Registration(".env.example", number, number, line)


def _elements(name: str, source: str, node: ast.AST) -> Iterator[Registration]:
    """Yield the elements of the list of features, and of the schedule."""
    match node:
        case ast.AnnAssign(target=ast.Name(id=variable), value=ast.List(elts=elements)):
            if LISTS.get(name) == variable:
                yield from (_lines(name, source, element) for element in elements)
        case ast.FunctionDef(name=function, body=[*_, ast.Return(value=ast.Dict() as table)]):
            if TABLES.get(name) == function:
                for key, value in zip(table.keys, table.values, strict=True):
                    if key is not None:
                        yield Registration(
                            name, key.lineno, value.end_lineno or 0, ast.unparse(key)
                        )


def _statements(name: str, source: str, node: ast.AST) -> Iterator[Registration]:
    """Yield the calls that register, and those that tell a port."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    registers = node.name in REGISTRARS.get(name, ())
    for statement in ast.walk(node):
        if not isinstance(statement, ast.Expr):
            continue
        text = ast.unparse(statement)
        if (registers and REGISTERING.match(text)) or TELLING.match(text):
            yield _lines(name, source, statement, instead="pass")


def _decorators(name: str, source: str, node: ast.AST) -> Iterator[Registration]:
    """Yield the decorators that register a function."""
    for decorator in getattr(node, "decorator_list", ()):
        if DECORATORS.match(ast.unparse(decorator)):
            yield _lines(name, source, decorator)


def _lines(name: str, source: str, node: ast.expr | ast.stmt, instead: str = "") -> Registration:
    first, last = node.lineno, node.end_lineno or node.lineno
    indent = " " * (len(line := source.splitlines()[first - 1]) - len(line.lstrip()))
    text = ast.get_source_segment(source, node) or ""
    return Registration(name, first, last, text, f"{indent}{instead}\n" if instead else "")

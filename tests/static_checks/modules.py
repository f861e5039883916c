"""Parses the template's Python with every feature on, each node with its line's condition."""

import ast
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache

from tests.static_checks.space import NEVER, Table, both, either
from tests.static_checks.template import Source, Template

PARTS = ("body", "orelse", "handlers", "finalbody")


class Module:
    """A Python source: a seam parses as a whole, since its lines are independent."""

    def __init__(self, template: Template, source: Source) -> None:
        self.template = template
        self.source = source
        self.tree = ast.parse(source.whole, filename=source.name)
        self.present = template.present(source.output)

    def at(self, node: ast.stmt | ast.expr | ast.arg | ast.alias) -> str:
        """Return file and line of a node."""
        return f"{self.source.name}:{node.lineno}"

    def when(self, node: ast.stmt | ast.expr | ast.arg | ast.alias) -> Table:
        """Return where a node is rendered."""
        return self.template.when(self.source, node.lineno)

    @cached_property
    def bound(self) -> dict[str, Table]:
        """Return where each name is bound by the module."""
        found: dict[str, Table] = {}
        for statement in statements(self.tree.body):
            for name in names(statement):
                found[name] = either([found.get(name, NEVER), self.when(statement)])
        return found


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements that run when a module is imported, those in blocks too."""
    for statement in body:
        yield statement
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for part in PARTS:
                yield from statements(getattr(statement, part, []))


def names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            yield from ((one.asname or one.name).split(".")[0] for one in statement.names)
        case ast.Assign() | ast.AnnAssign() | ast.For() | ast.With():
            found = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            yield from (node.id for node in found if isinstance(node.ctx, ast.Store))


class Modules:
    """All modules of the template, by their dotted names."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.all = [Module(template, source) for source in template.python()]
        self._named = {dotted(module.source.output): module for module in self.all}
        self._tops = {output.partition("/")[0].removesuffix(".py") for output in template.sources}
        # Caches of the instance: those of the class would keep the tables of all templates.
        self.present = cache(self._present)
        self.offers = cache(self._offers)

    def is_ours(self, name: str) -> bool:
        """Return whether a module would be the project's own."""
        return name.partition(".")[0] in self._tops

    def find(self, name: str) -> Module | None:
        """Return the source of a module, which a package without one does not have."""
        return self._named.get(name)

    def _present(self, name: str) -> Table:
        """Return where a module can be imported: where it is, and all packages it is in."""
        above, _, _ = name.rpartition(".")
        module = self.find(name)
        own = module.present if module else self.template.present(name.replace(".", "/"))
        return both(own, self.present(above)) if above else own

    def _offers(self, name: str, member: str) -> Table:
        """Return where a name can be imported from a module: its own, or a module below it."""
        module = self.find(name)
        tables = [module.bound.get(member, NEVER)] if module else []
        below = f"{name}.{member}"
        if self.find(below) or self.template.present(below.replace(".", "/")):
            tables.append(self.present(below))
        return both(self.present(name), either(tables))


@lru_cache(maxsize=1)
def read(template: Template) -> Modules:
    """Return the modules of a template, each parsed once."""
    return Modules(template)


def dotted(output: str) -> str:
    """Return the name by which a file is imported."""
    return output.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

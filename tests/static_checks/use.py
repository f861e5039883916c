"""Every module is imported by another one, in every combination that has it."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from tests.static_checks.imports import found
from tests.static_checks.modules import Module, dotted, read
from tests.static_checks.needs import Need
from tests.static_checks.space import NEVER, Table
from tests.static_checks.template import Template

CODE = ("app/", "dev/")
IMPORTERS = (*CODE, "migrations/")  # Alembic runs env.py
# What is run: `python -m app`, `python -m dev`, and a recipe's `python -m dev.image`.
RUN = {
    "app.__main__",
    "dev.__main__",
    "dev.documents",
    "dev.image",
    "dev.load_test",
    "dev.migration_lint",
    "dev.migrations",
    "dev.openapi",
    "dev.reference.__main__",
    "dev.resource.__main__",
    "dev.seed",
}
# Packages whose modules are imported by name at run time.
COLLECTED = (
    "app.servers.",
    "app.workers.handlers.",
    "dev.resource.blueprint.",
)


def use(template: Template) -> Iterator[Need]:
    """Yield the need of every module of the service: a module that imports it."""
    modules = [one for one in read(template).all if one.source.output.startswith(IMPORTERS)]
    code = {dotted(m.source.output): m for m in modules if m.source.output.startswith(CODE)}
    importers: dict[str, Table] = defaultdict(lambda: NEVER)
    for module in modules:
        for name, node in imported(module):
            if name in code:  # a table takes a megabyte
                importers[name] |= module.when(node) & module.present
    for name, module in code.items():
        package = module.source.output.endswith("/__init__.py")
        if not package and name not in RUN and not name.startswith(COLLECTED):
            given = importers[name]
            yield Need(module.source.name, "a module that imports it", module.present, given)


def imported(module: Module) -> Iterator[tuple[str, ast.alias | ast.expr]]:
    """Yield possible names of modules, and where: after `import`, and in quotes."""
    for node, name, member in found(module.tree):
        yield from ((each, node) for each in (name, f"{name}.{member}"))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node

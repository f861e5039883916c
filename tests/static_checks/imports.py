"""Every import finds its module, and its name in it, in every combination that has the import."""

import ast
import sys
from collections.abc import Iterator
from functools import reduce
from operator import and_

from tests.static_checks.distributions import Distributions
from tests.static_checks.guards import guards
from tests.static_checks.modules import Module, Modules, read
from tests.static_checks.needs import Need
from tests.static_checks.space import Table
from tests.static_checks.template import Template

# Imports that run under a condition other than `find_spec`: the equivalent answers.
GUARDED = {
    ("app/middleware/proxy_headers.py", "uvicorn.config"): "uvicorn",
    ("app/db/engine.py", "app.db.sqlite"): "sqlite",
    ("app/db/migrations.py", "app.db.sqlite"): "sqlite",
    ("dev/database.py", "dev.postgres"): "postgresql",
    ("tests/auth/fixtures.py", "tests.workers.inline"): "celery",
}

Import = tuple[ast.alias | ast.expr, str, str | None]


def imports(template: Template) -> Iterator[Need]:
    """Yield the needs of every import of the project."""
    modules = read(template)
    distributions = Distributions(template)
    for module in modules.all:
        asked = guards(module)
        for node, name, member in found(module.tree):
            when = module.when(node)
            if asked[node]:
                when &= given(modules, distributions, asked[node])
            if condition := GUARDED.get((module.source.output, name)):
                when &= template.space.table(condition)
            what = f"{name}.{member}" if member else name
            where = importable(modules, distributions, module, name, member)
            yield Need(module.at(node), what, when, where)


def found(tree: ast.Module) -> Iterator[Import]:
    """Yield the imports of a module, with module and name."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((one, one.name, None) for one in node.names)
            case ast.ImportFrom(module=str(name), level=0):
                yield from ((one, name, one.name) for one in node.names)
            case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name))]):
                yield node, name, None


def importable(
    modules: Modules, distributions: Distributions, module: Module, name: str, member: str | None
) -> Table:
    """Return where an import succeeds."""
    if modules.is_ours(name):
        return modules.offers(name, member) if member else modules.present(name)
    if name.partition(".")[0] in sys.stdlib_module_names:
        return modules.template.space.possible
    in_production = module.source.output.startswith(("app/", "migrations/"))
    return distributions.provide(name, with_development=not in_production)


def given(modules: Modules, distributions: Distributions, names: set[str]) -> Table:
    """Return where all these modules are found."""
    tables = [
        modules.present(name) if modules.is_ours(name) else distributions.provide(name)
        for name in names
    ]
    return reduce(and_, tables, modules.template.space.possible)

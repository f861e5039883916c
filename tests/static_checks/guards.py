"""Finds code that runs only if `find_spec` finds a module."""

import ast
from collections.abc import Iterator

from tests.static_checks.modules import Module, statements


def guards(module: Module) -> dict[ast.AST, set[str]]:
    """Return the modules that each node requires to run."""
    found: dict[ast.AST, set[str]] = {}
    marks = assigned(module.tree)
    everywhere = set(asked_for(marks["pytestmark"], marks)) if "pytestmark" in marks else set()
    _spread(module.tree, set(), everywhere, marks, found)
    return found


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the values assigned to a module's names, such as marks."""
    found: dict[str, ast.expr] = {}
    for statement in statements(tree.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
    return found


def asked_for(node: ast.expr, marks: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the modules whose presence an expression tests."""
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Name(id="find_spec"), args=[ast.Constant(value=str(name))]):
                yield name
            case ast.Name(id=name) if name in marks and marks[name] is not node:
                yield from asked_for(marks[name], {})


def _spread(
    node: ast.AST,
    known: set[str],
    everywhere: set[str],
    marks: dict[str, ast.expr],
    found: dict[ast.AST, set[str]],
) -> None:
    """Propagate required modules into an `if`, and into a function with a skip mark."""
    found[node] = known
    for name, value in ast.iter_fields(node):
        inner = set(known)
        if isinstance(node, ast.If) and name == "body":
            inner |= set(asked_for(node.test, marks))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner |= everywhere
            inner.update(*(asked_for(one, marks) for one in node.decorator_list))
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                _spread(child, inner, everywhere, marks, found)

"""Finds the definitions in Python files, and imports that cannot be resolved."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.static_checks.modules import names, statements


def defined(text: str) -> set[str]:
    """Return the classes, functions and constants of a module."""
    found = statements(ast.parse(text).body)
    own = (one for one in found if not isinstance(one, ast.Import | ast.ImportFrom))
    return {name for one in own for name in names(one)}


def importable(text: str) -> set[str]:
    """Return these and the imported names of a module."""
    return {name for one in statements(ast.parse(text).body) for name in names(one)}


def unresolved(project: Path, files: Iterable[str]) -> Iterator[str]:
    """Yield the imports in a project's files that the project does not define."""
    folders = {path.name for path in project.iterdir() if path.is_dir()}
    for name in files:
        for node in ast.walk(ast.parse((project / name).read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in folders:
                for alias in node.names:
                    if not offers(project, node.module or "", alias.name):
                        yield f"{name}:{node.lineno}: from {node.module} import {alias.name}"


def offers(project: Path, module: str, name: str) -> bool:
    """Return whether a name can be imported from a module."""
    folder = project / module.replace(".", "/")
    for path in (folder.with_suffix(".py"), folder / "__init__.py"):
        if path.exists() and name in importable(path.read_text()):
            return True
    return (folder / f"{name}.py").exists() or (folder / name).is_dir()

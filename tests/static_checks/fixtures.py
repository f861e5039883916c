"""Every fixture that a test or another fixture requests is there in every combination."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.static_checks.distributions import Distributions
from tests.static_checks.guards import assigned, guards
from tests.static_checks.imports import given
from tests.static_checks.modules import Module, read
from tests.static_checks.needs import Need
from tests.static_checks.space import Table, either
from tests.static_checks.template import Template

# pytest's own fixtures.
BUILT_IN = {
    *("caplog", "capfd", "capsys", "monkeypatch", "pytestconfig", "recwarn", "request"),
    *("tmp_path", "tmp_path_factory"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def fixtures(template: Template) -> Iterator[Need]:
    """Yield the fixtures that tests and fixtures request."""
    modules = read(template)
    distributions = Distributions(template)
    tests = [one for one in modules.all if one.source.output.startswith("tests/")]
    defined = Definitions(tests)
    for module in tests:
        asked = guards(module)
        for function in functions(module.tree):
            if not (is_fixture(function) or is_test(module, function)):
                continue
            known = next((asked[node] for node in function.body), set())
            when = module.when(function) & given(modules, distributions, known)
            for name in sorted(requested(function, assigned(module.tree)) - BUILT_IN):
                yield Need(module.at(function), f"fixture {name}", when, defined.find(module, name))


class Definitions:
    """Where each fixture is defined."""

    def __init__(self, tests: list[Module]) -> None:
        self.by_name: dict[str, list[tuple[Module, Table]]] = {}
        for module in tests:
            for function in functions(module.tree):
                if is_fixture(function):
                    entry = (module, module.when(function))
                    self.by_name.setdefault(function.name, []).append(entry)

    def find(self, module: Module, name: str) -> Table:
        """Return where a test of that module can have a fixture of that name."""
        found = self.by_name.get(name, [])
        return either(table for one, table in found if reaches(one, module))


def reaches(definer: Module, module: Module) -> bool:
    """Return whether a module has the fixtures of another: its own, a conftest's or a plugin's."""
    file, user = PurePosixPath(definer.source.output), PurePosixPath(module.source.output)
    if file.name == "fixtures.py":
        return len(file.parts) == len(("tests", "folder", "fixtures.py"))
    return file == user or (file.name == "conftest.py" and file.parent in user.parents)


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield the functions of a module and of its classes."""
    for node in tree.body:
        body = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (one for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


def is_fixture(function: Function) -> bool:
    """Return whether a function is decorated as a fixture."""
    return any("pytest.fixture" in ast.unparse(one) for one in function.decorator_list)


def is_test(module: Module, function: Function) -> bool:
    """Return whether pytest collects a function."""
    file = PurePosixPath(module.source.output).name
    return file.startswith("test_") and function.name.startswith("test_")


def requested(function: Function, marks: dict[str, ast.expr]) -> set[str]:
    """Return the fixtures that a function requests, by its parameters and its marks."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    optional = len([default for default in function.args.defaults if default])
    names = {one.arg for one in arguments[: len(arguments) - optional]} - {"self"}
    decorators = [marks.get(ast.unparse(one), one) for one in function.decorator_list]
    if not is_fixture(function) and "pytestmark" in marks:
        decorators.append(marks["pytestmark"])
    for call in (node for one in decorators for node in ast.walk(one)):
        if isinstance(call, ast.Call):
            names = _marked(call, names)
    return names


def _marked(call: ast.Call, names: set[str]) -> set[str]:
    """Remove the parameters of `parametrize`, and add the fixtures of `usefixtures`."""
    match ast.unparse(call.func), call.args:
        case "pytest.mark.parametrize", [first, *_]:
            given = ast.literal_eval(first)
            return names - set(given.split(",") if isinstance(given, str) else given)
        case "pytest.mark.usefixtures", demanded:
            return names | {str(ast.literal_eval(one)) for one in demanded}
    return names

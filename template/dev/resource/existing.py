"""What the project has already."""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dev.project import ROOT
from dev.resource.render import render
from dev.resource.spec import NAME, Resource, ResourceError, Target, camel

# Longer names of PostgreSQL are cut, by SQLAlchemy.
MAX_CONSTRAINT_LENGTH = 63
# Longer than a name may be, so that no resource has it.
ANOTHER_NAME = "a_resource_that_no_project_can_have"


def has_users() -> bool:
    """Whether the service has users, so that rows may belong to one."""
    return (ROOT / "app" / "api" / "auth.py").exists()


def find_target(name: str, target: str) -> Target:
    """Find a resource whose tests have a factory that works through the API."""
    model = ROOT / f"app/models/{target}.py"
    text = model.read_text(encoding="utf-8") if NAME.fullmatch(target) and model.exists() else ""
    table = re.search(rf'class {camel(target)}\(.*?__tablename__ = "(\w+)"', text, re.DOTALL)
    if table is None:
        raise ResourceError(f"{name}: there is no resource {target} to refer to.")
    if target == "user":
        return Target("user", "users")
    factories = ROOT / f"tests/{table[1]}/factories.py"
    factory = f"async def make_{target}(client: AsyncClient, /, **fields: Any)"
    if not factories.exists() or factory not in _joined(factories):
        raise ResourceError(
            f"{name}: {target} was not made by `just resource`, and the tests could not make rows"
            f" of it: add `{factory}` to tests/{table[1]}/factories.py."
        )
    return Target(target, table[1], "owner_id:" in text)


def check_free(resource: Resource, files: Sequence[str], words: set[str]) -> None:
    """Raise `ResourceError` if the project has such a file, table or route already."""
    name, plural = resource.name, resource.plural
    for word in (name, plural, resource.class_name, camel(plural)):
        if word in words or "specimen" in word.lower():
            raise ResourceError(f"{word} is a word that the code of every resource uses.")
    # A folder and a module of one name would hide each other.
    folders = [file.removesuffix(".py") for file in files]
    for path in (*files, *folders, f"tests/{plural}", f"tests/{plural}.py"):
        if (ROOT / path).exists() or files.count(path) > 1:
            raise ResourceError(f"{path} exists already.")
    for model in sorted((ROOT / "app/models").glob("*.py")):
        if f'__tablename__ = "{plural}"' in model.read_text(encoding="utf-8"):
            raise ResourceError(f"The table {plural} exists already.")
    check_api(resource)
    check_constraints(resource)


def check_constraints(resource: Resource) -> None:
    """Raise `ResourceError` for a name that PostgreSQL would cut: it says which value is taken."""
    for field in resource.fields:
        name = f"uq_{resource.plural}_{'owner_id_' if resource.owned else ''}{field.column}"
        if "unique" in field.options and len(name) > MAX_CONSTRAINT_LENGTH:
            raise ResourceError(
                f"{field.name}: {name}, the name of its constraint, is longer than"
                f" {MAX_CONSTRAINT_LENGTH} letters: shorten the field or the plural."
            )


def check_api(resource: Resource) -> None:
    """Raise `ResourceError` if the API has the path, the tag or an operation already."""
    name, plural = resource.name, resource.plural
    code = _texts(ROOT / "app/api")
    path = rf'(prefix=|websocket\()"/{plural}"'
    if re.search(path, _texts(ROOT / "app/api/v1")) or plural in {"docs", "openapi"}:
        raise ResourceError(f"The path /api/v1/{plural} is taken already.")
    if f'tags=["{resource.title}"]' in code:
        raise ResourceError(f"The tag {resource.title} of the API document is taken already.")
    if found := re.search(rf"def (list_{plural}|(get|create|update|delete)_{name})\(", code):
        raise ResourceError(f"The API has an operation {found[1]} already.")


def check_defined_once(files: Mapping[str, str]) -> None:
    """Raise `ResourceError` if two classes, or one and Python's own, get the same name."""
    for path, text in files.items():
        found = set(dir(builtins))
        for node in ast.parse(text).body:
            new = set(definitions(node))
            if twice := found & new:
                raise ResourceError(f"{path} would have two {min(twice)}: choose other names.")
            found |= new


def definitions(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement of a module defines."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name for alias in node.names)


def _joined(file: Path) -> str:
    """Read a file, with the arguments of functions in one line."""
    text = file.read_text(encoding="utf-8")
    return re.sub(r"\(\s+(.*)\n\)", r"(\1)", text)


def _texts(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.py")))


def words_of(resource: Resource) -> set[str]:
    """Return the names in the code of such a resource, but for those of its fields."""
    own = {resource.name, resource.plural}
    references = {field for field, target in resource.references if target.name in own}
    fields = tuple(
        f for f in resource.fields if own.isdisjoint({f.column, *f.filters}) and f not in references
    )
    other = replace(resource, name=ANOTHER_NAME, plural=f"{ANOTHER_NAME}s", fields=fields)
    return {name for text in render(other).values() for name in names_in(text)}


def names_in(text: str) -> Iterator[str]:
    """Yield the variables, arguments and imports of a module."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name

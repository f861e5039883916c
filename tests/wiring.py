"""The registrations of a rendered service, each of which can be taken out.

A registration is what makes something reachable or happen: a feature in the list, a router, a
permission, a signal, an entry of the schedule, a metric, an event that is published. It is
found in the source by its form, so that a new one is found too.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

# Functions that do nothing but register.
REGISTRARS = {"add_routes", "create_app", "lifespan", "add_middleware", "_setup"}
# Statements by what they do: register, publish a change, measure.
STATEMENTS = {
    "wire": re.compile(r"(app\.(add_middleware|mount)|add_\w+|feature\.setup)\("),
    "publish": re.compile(
        r"(await )?(\w+\.)*(invalidate|send_after_commit|publish_event)\((self\.)?(\w+\.)*session"
        r"|publish\((\w+\.)*events|after_commit\("
    ),
    "metric": re.compile(
        r".*\.(inc|inc_after_commit|dec|observe)\(|record_with\("
        r"|.*(labels\(.*\)|[A-Z]\w+|GAUGES\[.*\])\.set\("
        r"|.*(listeners|collectors|METRICS)\.append\("
    ),
}
NOTHING = re.compile(r"(?!)")
DECORATORS = {
    "endpoint": re.compile(r"\w+\.(get|post|put|patch|delete|websocket)\("),
    "task": re.compile(r"(job|shared_task)\("),
    "signal": re.compile(r"(\w+\.)+connect\("),
}
GUARDS = {"dependencies", "superusers", "public"}
ANY_CALLER = '__import__("app.api.auth", fromlist=["CallerDep"]).CallerDep'
NO_CACHE = '__import__("app.core.cache", fromlist=["Cache"]).Cache()'

Node = ast.expr | ast.stmt | ast.keyword
# Its kind, where it begins, where it ends, and what takes its place.
Found = Iterator[tuple[str, Node, Node, str]]


@dataclass(frozen=True, slots=True)
class Registration:
    """A piece of a file, in bytes from its beginning, and what takes its place."""

    kind: str
    path: str
    start: int
    end: int
    instead: str
    name: str

    def remove(self, project: Path) -> None:
        """Take it out."""
        path = project / self.path
        content = path.read_bytes()
        path.write_bytes(content[: self.start] + self.instead.encode() + content[self.end :])


def registrations(project: Path) -> list[Registration]:
    """Return every registration of a project, file by file. No two have the same name."""
    found: list[Registration] = []
    for path in sorted((project / "app").rglob("*.py")):
        name = path.relative_to(project).as_posix()
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            found += [locate(source, name, *piece) for piece in find(node)]
    # A statement of a nested function is found in both functions.
    found = list({(one.path, one.start): one for one in found}.values())
    seen: Counter[str] = Counter()
    for number, one in enumerate(found):
        seen[one.name] += 1
        if seen[one.name] > 1:
            found[number] = replace(one, name=f"{one.name} ({seen[one.name]})")
    return found


def locate(
    source: str, path: str, kind: str, first: Node, last: Node, instead: str
) -> Registration:
    """Say where a piece of syntax stands."""
    starts = [0, *accumulate(len(line) for line in source.encode().splitlines(keepends=True))]
    start = starts[first.lineno - 1] + first.col_offset
    end = starts[(last.end_lineno or last.lineno) - 1] + (last.end_col_offset or 0)
    text = " ".join(source.encode()[start:end].decode().split())
    if kind in DECORATORS:  # the at sign before it, too
        start -= 1
    return Registration(kind, path, start, end, instead, f"{path}: {text[:70]}")


def find(node: ast.AST) -> Found:
    """Yield what a node registers."""
    match node:
        case ast.AnnAssign(target=ast.Name(id="FEATURES"), value=ast.List(elts=elements)):
            yield from (("feature", element, element, "*()") for element in elements)
        case ast.FunctionDef(
            name="beat_schedule", body=[*_, ast.Return(value=ast.Dict() as table)]
        ):
            for key, value in zip(table.keys, table.values, strict=True):
                yield "schedule", key or value, value, "**{}"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from in_function(node)
        case ast.Call():
            yield from in_call(node)
        case ast.arg(annotation=ast.Name(id="LoginDep") as annotation):
            yield "permission", annotation, annotation, ANY_CALLER


def in_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Found:
    """Yield the decorators, and the statements that register, publish or measure."""
    for decorator in function.decorator_list:
        text = ast.unparse(decorator)
        for kind, form in DECORATORS.items():
            if form.match(text):
                yield kind, decorator, decorator, ""
    forms = STATEMENTS if function.name in REGISTRARS else STATEMENTS | {"wire": NOTHING}
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Expr):
                text = ast.unparse(node)
                kind = next((kind for kind, form in forms.items() if form.match(text)), None)
                if kind:
                    yield kind, node, node, "pass"


def in_call(call: ast.Call) -> Found:
    """Yield routers, what a feature consists of, permissions, and reads through the cache."""
    guards = [("permission", k, k, "**{}") for k in call.keywords if k.arg in GUARDS]
    match call.func:
        case ast.Attribute(attr="include_router"):
            yield "router", call, call, "None"
            yield from guards
        case ast.Name(id="Feature"):
            yield from (
                ("part", k, k, "**{}") for k in call.keywords if k.arg not in {"name", "after"}
            )
        case ast.Name(id="job") | ast.Attribute(attr="get" | "post" | "put" | "patch" | "delete"):
            yield from guards
        case ast.Attribute(
            attr="read", value=ast.Attribute(attr="cache") | ast.Name(id="cache") as cache
        ):
            yield "cache", cache, cache, NO_CACHE


def settings(project: Path) -> list[str]:
    """Return the variables of `.env.example`."""
    return re.findall(r"^([A-Z_]+)=", (project / ".env.example").read_text(), re.MULTILINE)

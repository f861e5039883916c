"""Applies renames to Python code."""

import ast
import re
from collections import Counter
from collections.abc import Callable

from renames import Name, Renames, dotted

Place = tuple[int, int]  # where a text begins and ends, in bytes, as `ast` counts


def rename(data: bytes, path: str, renames: Renames, stays: Callable[[str], bool]) -> bytes:
    """Return a module with the new names, or unchanged if it is not Python in UTF-8.

    Renamed are imports, uses of imported names, definitions of the module itself, and dotted names
    anywhere. Attributes of objects and keyword arguments have no module to look them up by.
    `stays` returns whether a dotted name is a module that keeps its name.
    """
    try:
        tree = ast.parse(data.decode())
    except (SyntaxError, ValueError):
        return data
    edits = _Edits(data, path, tree, renames, stays).all()
    for (start, end), text in sorted(edits.items(), reverse=True):
        data = data[:start] + text.encode() + data[end:]
    return data


class _Edits:
    """Collects the edits of one module."""

    def __init__(
        self,
        data: bytes,
        path: str,
        tree: ast.Module,
        renames: Renames,
        stays: Callable[[str], bool],
    ) -> None:
        self.data, self.path, self.renames, self.stays = data, path, renames, stays
        self.nodes = list(ast.walk(tree))
        self.lines = [0]
        for line in data.splitlines(True):
            self.lines.append(self.lines[-1] + len(line))
        self.edits: dict[Place, str] = {}
        self.local: dict[str, str] = {}  # old name: new name, in the whole file
        self.aliases: dict[str, str] = {}  # name: the old module it stands for
        definitions = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        self.defined = {node.name: node for node in tree.body if isinstance(node, definitions)}
        constants = (n for n in tree.body if isinstance(n, ast.Assign | ast.AnnAssign))
        top = {id(target) for node in constants for target in ast.walk(node)}
        self.bound = {name for n in self.nodes if id(n) not in top for name in self._bound_by(n)}
        froms = [node for node in self.nodes if isinstance(node, ast.ImportFrom)]
        imports = {(node.module, node.level, alias.name) for node in froms for alias in node.names}
        times = Counter([*self.defined, *(name for _, _, name in imports)])
        self.bound |= {name for name, number in times.items() if number > 1}
        self.used = {node.id for node in self.nodes if isinstance(node, ast.Name)}

    def _bound_by(self, node: ast.AST) -> list[str]:
        """Return the names that a node binds, except module definitions and plain imports."""
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                return [name]
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                return names
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                return [name]
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                return [name]
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
            ):
                return [] if self.defined.get(name) is node else [name]
        return []

    def all(self) -> dict[Place, str]:
        """Return the new text for each place."""
        for (module, name), (_, new) in self.renames.names.items():
            if module == dotted(self.path) and self._rename_locally(name, new):
                definition = self.defined.get(name)
                if definition is not None:
                    self.edits[self._find(rf"\b{name}\b", self._place(definition)[0])] = new
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Import):
                self.aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
        for node in self.nodes:
            self._use(node)
        for found in self.renames.full_name.finditer(self.data):
            if all(found.end() <= start or end <= found.start() for start, end in self.edits):
                self.edits[found.span()] = self.renames.full_names[found[0].decode()]
        return self.edits

    def _place(self, node: ast.expr | ast.stmt | ast.alias) -> Place:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.lines[node.lineno - 1] + node.col_offset, self.lines[end_line - 1] + end_column

    def _find(self, pattern: str, start: int) -> Place:
        found = re.compile(pattern.encode()).search(self.data, start)
        return found.span() if found else (start, start)

    def _rename_locally(self, old: str, new: str) -> bool:
        """Rename in the whole file and return True, unless a name has another meaning there."""
        taken = self.used | self.bound | self.defined.keys()
        if old == new or old in self.bound or new in taken or self.local.get(old, new) != new:
            return False
        self.local[old] = new
        return True

    def _import_from(self, node: ast.ImportFrom) -> None:
        """Rename in `from module import name, ...`, which may become several statements."""
        parts = self.path.split("/")[: -node.level] if node.level else []
        source = ".".join([*parts, *filter(None, [node.module])])
        statements: dict[str, list[str]] = {}
        edits = {}
        for alias in node.names:
            module, name = self._target(source, alias)
            text = f"{name} as {alias.asname}" if alias.asname else name
            if name != alias.name:
                if not alias.asname and not self._rename_locally(alias.name, name):
                    text = f"{name} as {alias.name}"
                edits[self._place(alias)] = text
            statements.setdefault(module, []).append(text)
        start, end = self._place(node)
        if len(statements) > 1:
            edits = {(start, end): self._written(start, end, statements)}
        elif source not in statements or (node.level and self.path in self.renames.files):
            edits[self._find(r"[\w.]+", start + len("from"))] = next(iter(statements))
        self.edits |= edits

    def _target(self, source: str, alias: ast.alias) -> Name:
        """Return the new module and name of an import."""
        whole = f"{source}.{alias.name}"
        if (source, alias.name) in self.renames.names:
            return self.renames.names[source, alias.name]
        if whole in self.renames.modules:
            self.aliases[alias.asname or alias.name] = whole
            module, _, name = self.renames.modules[whole].rpartition(".")
            return module, name
        if self.stays(whole):
            return source, alias.name
        return self.renames.modules.get(source, source), alias.name

    def _written(self, start: int, end: int, statements: dict[str, list[str]]) -> str:
        """Return the import statements that replace one, with its comments."""
        texts = [
            f"from {name} import {', '.join(what)}" for name, what in sorted(statements.items())
        ]
        before = self.data[self.data.rfind(b"\n", 0, start) + 1 : start].decode()
        if before.strip():  # another statement on the same line
            return "; ".join(texts)
        comments = re.findall(r"#[^\r\n]*", self.data[start:end].decode())
        return f"\n{before}".join(comments + texts)

    def _use(self, node: ast.AST) -> None:
        """Rename a use of a name: the bare name, or an attribute of a module."""
        match node:
            case ast.Name(id=name) if name in self.local:
                self.edits[self._place(node)] = self.local[name]
            case ast.Attribute(value=ast.Name(id=alias), attr=name):
                end = self._place(node)[1]
                known = self.renames.names.get((self.aliases.get(alias, ""), name))
                if known:
                    self.edits[end - len(name.encode()), end] = known[1]

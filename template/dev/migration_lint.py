"""`python -m dev.migration_lint`: refuse new migrations that lock a table which is in use.

squawk reads the SQL of the migrations. Its rules are chosen in `.squawk.toml`.
"""

import ast
import io
import json
import re
import subprocess
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory

from app.db.migrations import alembic_config
from dev.git import file_names, merge_target
from dev.project import ROOT, say

VERSIONS = "migrations/versions"
OVERRULED = re.compile(r"\s*#\s*squawk:\s*(?P<rule>[\w-]+)\s*:\s*\S")
COMMENT = re.compile(r"\s*#")
# Our own rule: squawk cannot see what a migration does with rows that it reads.
OFFLINE = "reads-database"
UNREAD = "What follows it cannot be checked: write that into a migration of its own"


def main() -> int:
    """Print what is refused in the new migrations; return 1 if there is anything."""
    scripts = new_migrations(ScriptDirectory.from_config(alembic_config()), ROOT)
    found = [line for script in scripts for line in lint(script)]
    for line in found:
        say(line)
    if found:
        say("docs/migrations.md says what to write instead, and how to allow an operation.")
    return 1 if found else 0


def new_migrations(directory: ScriptDirectory, root: Path) -> list[Script]:
    """Return the migrations, without the first, that the branch to merge into does not have."""
    target = merge_target(root)
    known = file_names(root, target, VERSIONS) if target else set()
    scripts = [script for script in directory.walk_revisions() if script.down_revision]
    return [script for script in reversed(scripts) if Path(script.path).name not in known]


def lint(script: Script) -> Iterator[str]:
    """Yield a line for each operation that a rule refuses and that no comment allows."""
    sql = OfflineSql(Path(script.path))
    context = MigrationContext.configure(
        dialect_name="postgresql",
        opts={"as_sql": True, "output_buffer": sql, "literal_binds": True},
    )
    place = f"{VERSIONS}/{sql.path.name}"
    with Operations.context(context), context.begin_transaction():
        try:
            script.module.upgrade()
        except Exception as error:
            frames = traceback.walk_tb(error.__traceback__)
            lines = [line for frame, line in frames if sql.line_of(frame)]
            line = max(lines, default=0)
            if OFFLINE not in sql.overruled(line):
                yield f"{place}:{line}: {OFFLINE}: It cannot be checked as SQL ({error!r})"
            elif any(map(sql.goes_on, lines)):
                yield f"{place}:{line}: {OFFLINE}: {UNREAD}"
    for violation in squawk(sql.getvalue()):
        line = sql.sources[violation["line"]]
        yield f"{place}:{line}: {violation['rule_name']}: {violation['message']}"


class OfflineSql(io.StringIO):
    """The SQL of a migration, with the line of the migration that each line comes from."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.source = path.read_text(encoding="utf-8")
        self.sources: list[int] = []
        nodes = ast.walk(ast.parse(self.source))
        self.statements = [node for node in nodes if isinstance(node, ast.stmt)]

    def write(self, text: str) -> int:
        """Add a statement, and above it the comment by which squawk leaves out rules."""
        frame: FrameType | None = sys._getframe(1)
        while frame and not self.line_of(frame):
            frame = frame.f_back
        line = self.line_of(frame) if frame else 1
        if rules := [rule for rule in self.overruled(line) if rule != OFFLINE]:
            text = f"-- squawk-ignore {', '.join(rules)}\n{text}"
        self.sources += [line] * text.count("\n")
        return super().write(text)

    def line_of(self, frame: FrameType) -> int:
        """Return the line of the migration that a frame executes; 0 for other code."""
        return frame.f_lineno if frame.f_code.co_filename == str(self.path) else 0

    def goes_on(self, line: int) -> bool:
        """Whether statements follow a line in its function."""
        return any(
            function.lineno <= line < node.lineno <= (function.end_lineno or 0)
            for function in self.statements
            if isinstance(function, ast.FunctionDef)
            for node in self.statements
        )

    def overruled(self, line: int) -> list[str]:
        """Return the rules that the comment above the operation on a line names with a reason."""
        around = [
            node.lineno for node in self.statements if node.lineno <= line <= (node.end_lineno or 0)
        ]
        above = self.source.splitlines()[: max(around, default=1) - 1]
        rules = []
        while above and COMMENT.match(above[-1]):
            if found := OVERRULED.match(above.pop()):
                rules.append(found["rule"])
        return rules


def squawk(sql: str) -> list[dict]:
    """Return what squawk refuses in a text; lines are counted from 0."""
    program = Path(sysconfig.get_path("scripts")) / "squawk"
    command = [program, "--config", ROOT / ".squawk.toml", "--reporter", "json"]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, encoding="utf-8")
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main())

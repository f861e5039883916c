"""The kill map: which test of a service fails without a registration.

`uv run python -m tests.kill_map` writes it to kill_map.toml, so that tests/test_wiring.py runs that
test first. It takes an hour for an empty map, else seconds for each registration that is new. With
`--verify`, after code or tests were moved, it replaces the tests that do not fail any more.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import copier

from tests.questions import ROOT
from tests.wiring import Registration, registrations

RECORD = Path(__file__).with_name("kill_map.toml")
HEAD = """\
# The test of a full service that fails without a registration. It is run first; if it has another
# name by now, the others are run. Written by `uv run python -m tests.kill_map`.
"""
# Where to look first, by the kind of registration; then where its name says.
LIKELY = {
    "endpoint": ["api"],
    "router": ["api"],
    "permission": ["api", "permissions", "auth"],
    "metric": ["metrics", "workers"],
    "publish": ["websocket", "cache", "metrics", "orders", "users", "workers"],
    "task": ["workers"],
    "schedule": ["workers"],
    "signal": ["workers"],
    "cache": ["cache"],
}
ANSWERS = {"preset": "full", "database": "sqlite"}  # the database that is quickest
# Its libraries are imported before pytest can look into them.
QUIETLY = ["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
PYTEST_SERVER = Path(__file__).with_name("pytest_server.py")
# Our own code, and what looks at the environment when it is imported.
NOT_BEFORE = ("app", "prometheus_client")
FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/\S+(?:\[.*\])?)(?: - .*)?$", re.MULTILINE)


class MutatedProject:
    """An installed project, whose registrations are taken out one at a time."""

    def __init__(self, project: Path) -> None:
        subprocess.run(["uv", "sync", "--quiet"], cwd=project, check=True)
        self.project = project
        self.registrations = registrations(project)
        self.output = project.with_name("output")
        self.tests = subprocess.Popen(
            [project / ".venv/bin/python", PYTEST_SERVER, *libraries(project)],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run tests of the project; return the exit code and what was written."""
        assert self.tests.stdin
        assert self.tests.stdout
        command = [str(self.output), *QUIETLY, *arguments]
        print(json.dumps(command), file=self.tests.stdin, flush=True)
        return int(self.tests.stdout.readline()), self.output.read_text(errors="replace")

    def failing(self, *tests: str) -> str | None:
        """Run tests until one fails, and return its name; None if none does."""
        code, said = self.run("-x", "--tb=no", *tests)
        if code < 0:
            raise RuntimeError(f"the tests ended by signal {-code}: {' '.join(tests)}")
        if code == 0 or "ERROR: not found" in said:
            return None
        found = FAILED.search(said)
        return found[1] if found else "tests/test_cli.py"  # nothing even starts

    def killed_by(self, registration: Registration, first: str | None) -> str | None:
        """Take a registration out, return the test that fails by it, and put it back."""
        path = self.project / registration.path
        before = path.read_bytes()
        try:
            registration.remove(self.project)
            tries = [[first]] if first else []
            tries += [folders] if (folders := self._likely(registration)) else []
            return next((name for tests in [*tries, []] if (name := self.failing(*tests))), None)
        finally:
            path.write_bytes(before)

    def _likely(self, registration: Registration) -> list[str]:
        """Return the folders of tests that fit a registration's kind and words, quickest first."""
        said = _words(registration.name)
        folders = [path for path in (self.project / "tests").iterdir() if path.is_dir()]
        found = [path for path in folders if said & _words(path.name)]
        quick = sorted(found, key=lambda path: sum(file.stat().st_size for file in path.glob("*")))
        names = [*LIKELY.get(registration.kind, ()), *(path.name for path in quick)]
        return [f"tests/{name}" for name in dict.fromkeys(names)]

    def close(self) -> None:
        """End the process that runs the tests."""
        with self.tests:  # closes its pipes, and waits for its end
            pass


def _words(text: str) -> set[str]:
    return {word.removesuffix("s") for word in re.findall(r"[a-z]+", text.lower())}


def libraries(project: Path) -> set[str]:
    """Return the modules that the service imports from elsewhere, whatever it does."""
    found: set[str] = set()
    for path in (project / "app").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return {name for name in found if not name.startswith(NOT_BEFORE)}


def record() -> dict[str, str]:
    """Read what was found before."""
    return tomllib.loads(RECORD.read_text())


def write(found: dict[str, str]) -> None:
    """Write down what was found."""
    quoted = ((f'"{_escape(name)}"', f'"{_escape(test)}"') for name, test in sorted(found.items()))
    RECORD.write_text(HEAD + "".join(f"{name} = {test}\n" for name, test in quoted))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def main() -> int:
    """Look for what is not written down, or for all with `--verify`, and write it down."""
    verify = "--verify" in sys.argv[1:]
    found = record()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        copier.run_copy(str(ROOT), project, data=ANSWERS, defaults=True, quiet=True, vcs_ref="HEAD")
        project = MutatedProject(project)
        names = {one.name for one in project.registrations}
        write(found := {name: test for name, test in found.items() if name in names})
        for one in project.registrations:
            if verify or one.name not in found:
                test = project.killed_by(one, found.get(one.name))
                print(f"{one.name}\n    {test}", flush=True)
                write(found := found | ({one.name: test} if test else {}))
        project.close()
    return 0 if names == set(found) else 1


if __name__ == "__main__":
    sys.exit(main())

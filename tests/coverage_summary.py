"""The summary table of a run: what it covered, and what only `just test-all` covers."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import PurePath
from typing import Any

import pytest

from tests.questions import ROOT
from tests.rendering import git

# Written after a complete, successful `just test-all`.
LAST = ROOT / ".local" / "test-all.json"
# Since the test began, in this process; and in all of them, where the reports arrive.
COUNTED: Counter[str] = Counter()
TOTAL: Counter[str] = Counter()
# CPU seconds of each module: of its tests, and of the programs that they started and waited for.
CPU_SECONDS: defaultdict[str, float] = defaultdict(float)
LONGEST_SHOWN = 6
STARTED = pytest.StashKey[float]()
# Number of deselected tests of each module.
LEFT: Counter[str] = Counter()


def count_covered(what: str, number: int = 1) -> None:
    """Add to a counter of the summary."""
    COUNTED[what] += number


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note the CPU time at the start of a test."""
    item.stash[STARTED] = sum(os.times()[:4])
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Attach the counters and the CPU time to the test's last report."""
    yield
    item.user_properties.append(("covered", dict(COUNTED)))
    item.user_properties.append(("cpu", sum(os.times()[:4]) - item.stash[STARTED]))
    COUNTED.clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up the counters of all processes."""
    if report.when == "teardown":
        for name, value in report.user_properties:
            if name == "covered" and isinstance(value, dict):
                TOTAL.update(value)
            elif name == "cpu" and isinstance(value, float):
                CPU_SECONDS[PurePath(report.nodeid.partition("::")[0]).stem] += value


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count deselected tests."""
    LEFT.update(PurePath(item.nodeid.partition("::")[0]).stem for item in items)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Send the deselected tests; record the time of a complete, successful run."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = dict(LEFT)
    elif exitstatus == 0 and session.config.getoption("resume") and not LEFT and is_whole(session):
        LAST.parent.mkdir(exist_ok=True)
        commit = git(ROOT, "rev-parse", "--short", "HEAD").strip()
        LAST.write_text(json.dumps({"commit": commit, "date": f"{datetime.now(UTC):%Y-%m-%d}"}))


def is_whole(session: pytest.Session) -> bool:
    """Return whether the run is not limited to files, names or marks."""
    config = session.config
    return not (config.getoption("keyword") or config.getoption("markexpr")) and (
        config.args_source is not pytest.Config.ArgsSource.ARGS
    )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Receive the deselected tests of a process: they are the same in all."""
    LEFT.update(Counter(getattr(node, "workeroutput", {}).get("left", {})) - LEFT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sums over all processes, and the deselected tests."""
    if TOTAL:
        terminalreporter.section("covered")
    for what, number in TOTAL.items():
        terminalreporter.write_line(f"{number:>12,}  {what}")
    longest = sorted(CPU_SECONDS.items(), key=itemgetter(1), reverse=True)
    for module, seconds in longest[:LONGEST_SHOWN]:
        terminalreporter.write_line(f"{seconds:>12,.0f}  CPU seconds of {module}")
    if LEFT:
        found = json.loads(LAST.read_text()) if LAST.exists() else None
        last = f"last whole here: {found['date']}, {found['commit']}" if found else "never run here"
        terminalreporter.section(f"left to `just test-all` ({last})")
    for module, number in LEFT.most_common():
        terminalreporter.write_line(f"{number:>12,}  tests of {module}")

"""What a run has covered, in numbers: tests note it, and the run ends with a table of it."""

from collections import Counter
from collections.abc import Callable

import pytest

Covered = Callable[[str, int], None]

KEY = "covered"


@pytest.fixture
def covered(record_property: Callable[[str, object], None]) -> Covered:
    """Note how many of something a test has looked at: it travels with the test's report."""

    def note(what: str, number: int) -> None:
        record_property(KEY, [what, number])

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the sums, whichever process counted."""
    sums: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for key, value in report.user_properties:
            if key == KEY and isinstance(value, list):
                sums[value[0]] += value[1]
    if sums:
        terminalreporter.section("covered")
    for what, number in sums.items():
        terminalreporter.write_line(f"{number:>12,}  {what}")

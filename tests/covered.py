"""What a run has covered, in numbers: tests count it, and the run ends with a table of it."""

from collections import Counter

import pytest

# Since the test began, in this process; and in all of them, where the reports arrive.
COUNTED: Counter[str] = Counter()
TOTAL: Counter[str] = Counter()


def covered(what: str, number: int = 1) -> None:
    """Count what was proven."""
    COUNTED[what] += number


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Send the numbers along with the test's last report."""
    item.user_properties.append(("covered", dict(COUNTED)))
    COUNTED.clear()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what the processes have sent."""
    if report.when == "teardown":
        for name, value in report.user_properties:
            if name == "covered" and isinstance(value, dict):
                TOTAL.update(value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the sums, whichever process counted."""
    if TOTAL:
        terminalreporter.section("covered")
    for what, number in TOTAL.items():
        terminalreporter.write_line(f"{number:>12,}  {what}")

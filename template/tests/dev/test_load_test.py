"""The load test measures a running service, and fails if its budget is not kept."""

from pathlib import Path

import pytest

from dev.load_test import Result, main
from tests.databases import free_port
from tests.processes import serving


def test_the_slowest_requests_and_the_failures_decide() -> None:
    fast = Result([10.0] * 96 + [500.0] * 4)
    slow = Result([10.0] * 90 + [500.0] * 10)
    failing = Result([10.0] * 100, failures=1)

    assert fast.kept(200)
    assert not slow.kept(200)
    assert not failing.kept(200)
    assert not Result().kept(200)


@pytest.mark.process
def test_a_running_service_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--clients", "2", "--seconds", "0.5"]
    with serving(tmp_path) as service:
        kept = main([service.url, "/health/live", *options, "--budget", "60000"])
        missed = main([service.url, "/health/live", "/missing", *options, "--budget", "60000"])

    output = capsys.readouterr()
    assert (kept, missed) == (0, 1)
    assert "/health/live" in output.out
    assert output.err.startswith("The budget was not kept")


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_service_that_does_not_answer_is_named(
    scheme: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{scheme}127.0.0.1:{free_port()}"

    assert main([url, "--clients", "1", "--seconds", "0.1"]) == 2

    assert f"{url} does not answer" in capsys.readouterr().err


def test_a_test_of_no_time_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["http://127.0.0.1:8000", "--seconds", "0"])

    assert "argument --seconds: invalid" in capsys.readouterr().err

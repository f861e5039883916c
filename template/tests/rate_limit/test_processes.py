"""Server processes share a limit, whatever `X-Forwarded-For` a client sends."""

from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.processes import serving

TEN = {"RATE_LIMIT_DEFAULT": "10/minute"}
pytestmark = [pytest.mark.process, pytest.mark.usefixtures("generous_timeouts")]


def test_two_server_processes_share_one_limit(tmp_path: Path, database: object) -> None:
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    with (
        serving(folders[0], **TEN) as one,
        serving(folders[1], **TEN) as other,
        httpx2.Client() as client,
    ):
        answers = [
            client.get(service.url + "/nothing", headers={"X-Forwarded-For": f"192.0.2.{n}"})
            for n in range(10)
            for service in (one, other)
        ]

    assert Counter(answer.status_code for answer in answers) == {404: 10, 429: 10}
    assert [answer.status_code for answer in answers] == [404] * 10 + [429] * 10

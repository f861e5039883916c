"""Uploads to the service in a process of its own."""

import threading
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.processes import Service, eventually, serving
from tests.uploads.factories import FILES, FORM, HEAD, MIB, part

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("database")]
PIECE = b"a" * 65536


def resident(service: Service) -> int:
    return psutil.Process(service.process.pid).memory_info().rss


def endless(service: Service, rss: list[int]) -> Generator[bytes]:
    """Yield 100 MiB of a file, and record the memory of the service."""
    yield HEAD
    for number in range(100 * MIB // len(PIECE)):
        if number % 100 == 0:
            rss.append(resident(service))
        yield PIECE


def test_a_huge_body_takes_no_memory(tmp_path: Path, credentials: dict[str, str]) -> None:
    with serving(tmp_path, STORAGE_URL=(tmp_path / "files").as_uri()) as service:
        url = f"{service.url}{FILES}"
        httpx2.post(url, files=[part()], headers=credentials).raise_for_status()
        rss = [resident(service)]

        body = endless(service, rss)
        response = httpx2.post(url, content=body, headers=FORM | credentials, timeout=60)

        assert response.status_code == 413
        assert max(rss) - rss[0] < 32 * MIB
    assert len([path for path in tmp_path.rglob("*/files/*") if path.is_file()]) == 1


def uploading(url: str, headers: dict[str, str], acknowledged: dict[str, bytes]) -> None:
    """Upload until the service is gone."""
    with httpx2.Client(headers=headers) as client:
        for number in range(10_000):
            content = f"{threading.get_ident()} {number}\n".encode() * 20_000
            try:
                response = client.post(url, files=[part(content=content)])
            except httpx2.TransportError:
                return
            if response.status_code == 201:
                acknowledged[response.json()["id"]] = content


@pytest.fixture
def acknowledged(tmp_path: Path, credentials: dict[str, str]) -> dict[str, bytes]:
    """What a service has answered 201 to before it was killed in the midst of uploads.

    It shares the database and the storage with the app of the tests.
    """
    acknowledged: dict[str, bytes] = {}
    with serving(tmp_path) as service:
        arguments = (f"{service.url}{FILES}", credentials, acknowledged)
        threads = [threading.Thread(target=uploading, args=arguments) for _ in range(4)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(acknowledged) >= 8)
        service.kill()
        for thread in threads:
            thread.join()
    return acknowledged


async def test_acknowledged_files_survive_sigkill(
    acknowledged: dict[str, bytes], client: httpx2.AsyncClient
) -> None:
    assert acknowledged

    for file_id, content in acknowledged.items():
        known = (await client.get(f"{FILES}/{file_id}")).json()
        assert known["sha256"] == sha256(content).hexdigest()
        assert (await client.get(f"{FILES}/{file_id}/content")).content == content

"""A server that speaks S3, from the package registry."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import httpx2

from tests.databases import free_port

BUCKET = "tea"


@contextmanager
def s3_server() -> Generator[str]:
    """Run Moto's server with an empty bucket, and return its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _create_bucket(address)
        yield address
    finally:
        process.kill()
        process.wait()


def _create_bucket(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx2.put(f"{address}/{BUCKET}").raise_for_status()
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return

"""A server that speaks S3, from the package registry."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import httpx2

from tests.databases import free_port
from tests.processes import ATTEMPTS, TIMEOUT_SECONDS

BUCKET = "tea"


@contextmanager
def s3_server() -> Generator[str]:
    """Run Moto's server with an empty bucket, and return its address."""
    for _ in range(ATTEMPTS):  # another program may take the port first
        address = f"http://127.0.0.1:{(port := free_port())}"
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if _create_bucket(process, address):
                yield address
                return
        finally:
            process.kill()
            process.wait()
    raise ChildProcessError("Moto's server does not start")


def _create_bucket(process: subprocess.Popen[bytes], address: str) -> bool:
    """Create the bucket as soon as the server answers; False if it has ended."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while process.poll() is None:
        try:
            httpx2.put(f"{address}/{BUCKET}").raise_for_status()
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return True
    return False

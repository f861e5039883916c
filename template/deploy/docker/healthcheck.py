"""`python healthcheck.py PATH`: exit with 0 if this container's service answers 200 there.

It stands in the image alone, and needs nothing but Python.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4


def host() -> str:
    """Name a host that the service answers for: with `TRUSTED_HOSTS`, not any will do."""
    first = os.environ.get("TRUSTED_HOSTS", "").strip(' ["').partition(",")[0].strip(' "]')
    return first.replace("*", "health") or "localhost"


def status(path: str) -> int:
    """Ask, and return the status of the answer."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host()})
        return connection.getresponse().status
    finally:
        connection.close()


def main(path: str) -> int:
    """Return the exit code."""
    try:
        return 0 if status(path) == 200 else 1
    except (OSError, HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "/health/live"))

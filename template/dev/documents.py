"""`python -m dev.documents`: write or check docs/openapi.json and docs/reference.md."""

import sys

from dev import openapi
from dev.reference import __main__ as reference

if __name__ == "__main__":
    sys.exit(max(openapi.main(sys.argv[1:]), reference.main(sys.argv[1:])))

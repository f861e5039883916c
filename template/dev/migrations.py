"""`python -m dev.migrations`: whether models, migrations and database agree."""

import sys

from app.core.config import Settings
from app.core.logging import configure_logging
from app.db.migrations import SchemaError, check
from dev.project import say


def main() -> int:
    """Return 1, and say what is missing, if they do not."""
    configure_logging(Settings.load().model_copy(update={"log_level": "warning"}))
    try:
        check()
    except SchemaError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m dev.seed`: add example rows to the development database, with the tests' factories."""

import asyncio
import os
import sys
from importlib import import_module

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.logging import configure_logging
from app.core.settings import SettingsError
from app.db.migrations import upgrade
from app.db.session import open_database
from dev.__main__ import development
from dev.project import ROOT, LauncherError, say, setting

NOTHING = "There is nothing to add: no folder of the tests has a seed.py."


def main() -> int:
    """Migrate the development database and add the rows; return 1 if that is refused."""
    try:
        check_environment(setting("ENVIRONMENT", "development"))
        with development() as environment:
            os.environ |= environment
            asyncio.run(_fill())
    except (LauncherError, SettingsError) as error:
        say(str(error))
        return 1
    return 0


def check_environment(environment: str) -> None:
    """Raise `LauncherError` where the service is deployed: the passwords are known."""
    if environment not in {"development", "test"}:
        raise LauncherError(
            f"ENVIRONMENT is {environment}: example rows are for development, nothing was added."
        )


async def _fill() -> None:
    settings = Settings.load().model_copy(update={"log_level": "warning"})
    configure_logging(settings)
    await asyncio.to_thread(upgrade)
    async with open_database(settings) as database, database.transactions() as session:
        for line in await seed(session):
            say(line)


async def seed(session: AsyncSession) -> list[str]:
    """Call the function `seed` of each `tests/*/seed.py`, and return what they say.

    Rows that are there already are not added again.
    """
    folders = sorted(file.parent.name for file in (ROOT / "tests").glob("*/seed.py"))
    modules = [import_module(f"tests.{folder}.seed") for folder in folders]
    return [await module.seed(session) for module in modules] or [NOTHING]


if __name__ == "__main__":
    sys.exit(main())

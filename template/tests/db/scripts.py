"""Migrations made by tests, run as those of the project are."""

import shutil
from pathlib import Path
from textwrap import indent

from alembic.config import Config

from app.core.config import ROOT
from app.db.migrations import alembic_config

SCRIPT = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {before!r}


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
    pass
"""


def scripts(folder: Path, *upgrades: str) -> Config:
    """Write a migration for each body, with the project's env.py; return the configuration."""
    location = folder / "migrations"
    (location / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        shutil.copy(ROOT / "migrations" / name, location)
    before = None
    for number, body in enumerate(upgrades, 1):
        text = SCRIPT.format(revision=str(number), before=before, upgrade=indent(body, "    "))
        (location / "versions" / f"{number}.py").write_text(text)
        before = str(number)
    config = alembic_config()
    config.set_main_option("script_location", str(location))
    return config

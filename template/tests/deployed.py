"""Start the service with the settings of a deployment."""

from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.logging import configure_logging
from app.core.settings import SettingsError
from app.main import create_app


def refusal(folder: Path, **settings: str) -> str:
    """Return why the service does not start in `folder` with these settings; "" if it does."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            for name, value in ({"ENVIRONMENT": "production"} | settings).items():
                patch.setenv(name, value)
            create_app()
    except SettingsError as error:
        return str(error)
    finally:
        configure_logging(Settings.load())
    return ""

"""Wrong settings of the HTTP client."""

import pytest

from app.core.settings import SettingsError
from tests.conftest import MakeApp


@pytest.mark.parametrize(
    ("name", "value"), [("HTTP_CLIENT_TOTAL_TIMEOUT", "0"), ("HTTP_CLIENT_CONCURRENCY", "none")]
)
async def test_a_wrong_setting_stops_the_start(make_app: MakeApp, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: "):
        await make_app(**{name: value})

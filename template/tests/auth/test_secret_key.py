"""SECRET_KEY."""

import os
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from app.auth import settings
from app.core.config import ROOT
from app.core.settings import SettingsError
from tests.conftest import MakeApp

SHORT = "only-thirty-one-bytes-long-here"
STARTING = 4
PLACEHOLDER = "please-changeme-please-changeme-please"


@pytest.mark.parametrize("environment", ["staging", "production"])
async def test_a_key_is_required_outside_development(make_app: MakeApp, environment: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        await make_app(ENVIRONMENT=environment, SECRET_KEY="")


@pytest.mark.parametrize("environment", ["development", "production"])
@pytest.mark.parametrize("key", [SHORT, PLACEHOLDER, PLACEHOLDER.upper()])
async def test_a_weak_key_is_refused_and_not_shown(
    make_app: MakeApp, environment: str, key: str
) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY: ") as refused:
        await make_app(ENVIRONMENT=environment, SECRET_KEY=key)

    assert key not in str(refused.value)


async def test_a_weak_fallback_is_refused(make_app: MakeApp) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY_FALLBACKS: "):
        await make_app(SECRET_KEY_FALLBACKS=f"{secrets.token_hex(32)},{SHORT}")


async def test_keys_are_counted_in_bytes(make_app: MakeApp) -> None:
    app = await make_app(SECRET_KEY="ключ" * 4)

    assert app.state.auth.tokens.keys == ["ключ" * 4]


async def test_in_development_a_key_is_made_once_and_kept(make_app: MakeApp) -> None:
    keys = [
        (await make_app(ENVIRONMENT="development", SECRET_KEY="")).state.auth.tokens.keys
        for _ in range(2)
    ]

    kept = ROOT / ".local" / "secret-key"
    assert keys[0] == keys[1] == [kept.read_text()]
    assert len(keys[0][0]) >= 32
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_processes_that_start_in_parallel_share_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    start = Barrier(STARTING)

    def make_key(_: int) -> str:
        start.wait()
        return settings.development_key()

    with ThreadPoolExecutor(STARTING) as pool:
        for _ in range(100):
            keys = set(pool.map(make_key, range(STARTING)))
            kept = tmp_path / ".local" / "secret-key"
            assert keys == {kept.read_text()}
            assert [*kept.parent.iterdir()] == [kept]
            kept.unlink()


def test_a_server_without_a_key_exits_with_an_error() -> None:
    environment = os.environ | {"ENVIRONMENT": "production", "SECRET_KEY": "", "PORT": "1"}

    done = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("app: SECRET_KEY: ")

"""Settings: read from the environment, and refused with the name of the variable."""

from ipaddress import ip_network

import pytest

from app.cli import main
from app.core.config import Settings
from app.core.settings import SettingsError

SECRET = "hunter2-hunter2"


def load(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Settings:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


@pytest.mark.parametrize(
    "text", ["a.example, b.example", '["a.example", "b.example"]', "a.example,b.example,"]
)
def test_lists_are_json_or_separated_by_commas(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert load(monkeypatch, TRUSTED_HOSTS=text).trusted_hosts == ["a.example", "b.example"]


def test_networks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1, fd00::/8")

    assert settings.trusted_proxies == [
        ip_network("10.0.0.0/8"),
        ip_network("127.0.0.1/32"),
        ip_network("fd00::/8"),
    ]


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, CORS_ORIGINS="", PORT="", DOCS_ENABLED="")

    assert (settings.cors_origins, settings.port, settings.serves_docs) == ([], 8000, True)


def test_levels_may_be_upper_case(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, LOG_LEVEL="WARNING").log_level == "warning"


@pytest.mark.parametrize(
    ("environment", "drain", "seconds"),
    [
        ("development", "", 0),
        ("test", "", 0),
        ("staging", "", 5),
        ("production", "", 5),
        ("production", "0.5", 0.5),
    ],
)
def test_only_deployed_services_drain_by_default(
    monkeypatch: pytest.MonkeyPatch, environment: str, drain: str, seconds: float
) -> None:
    settings = load(monkeypatch, ENVIRONMENT=environment, SHUTDOWN_DRAIN_SECONDS=drain)

    assert settings.drain_seconds == seconds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", SECRET),
        ("DATABASE_URL", f"mysql://root:{SECRET}@db/app"),
        ("DATABASE_URL", ""),
        ("ENVIRONMENT", f"prod-{SECRET}"),
        ("DEBUG", SECRET),
        ("LOG_LEVEL", SECRET),
        ("LOG_FORMAT", SECRET),
        ("PORT", "70000"),
        ("PORT", SECRET),
        ("WEB_CONCURRENCY", "0"),
        ("REQUEST_MAX_BYTES", "-1"),
        ("ROOT_PATH", SECRET),
        ("ROOT_PATH", f"https://api.example/{SECRET}"),
        ("ROOT_PATH", f"//{SECRET}"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://*.example"),
        ("CORS_ORIGINS", '["https://a.example"'),
        ("TRUSTED_PROXIES", SECRET),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("SHUTDOWN_DRAIN_SECONDS", "-1"),
        ("DB_POOL_SIZE", "0"),
        ("DB_POOL_TIMEOUT", "NaN"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_bad_setting_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: str,
    name: str,
    value: str,
) -> None:
    monkeypatch.setenv(name, value)

    assert main([command]) != 0

    output = capfd.readouterr()
    assert name in output.err.splitlines()[-1]
    assert SECRET not in output.err + output.out


def test_every_bad_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"PORT: .*; DB_POOL_SIZE: "):
        load(monkeypatch, PORT="x", DB_POOL_SIZE="x")


def test_debug_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"^DEBUG: must be off in production"):
        load(monkeypatch, DEBUG="true", ENVIRONMENT="production")

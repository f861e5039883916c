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


@pytest.mark.parametrize(
    ("text", "host"), [("[::]", "::"), ("[fd00::7]", "fd00::7"), ("::1", "::1"), ("a.b", "a.b")]
)
def test_an_address_may_be_in_brackets(
    monkeypatch: pytest.MonkeyPatch, text: str, host: str
) -> None:
    assert load(monkeypatch, HOST=text).host == host


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com:443/", "https://app.example.com"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://app.example.com:80", "https://app.example.com:80"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://[::1]:5173", "http://[::1]:5173"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_origins_are_read_as_browsers_send_them(
    monkeypatch: pytest.MonkeyPatch, text: str, origin: str
) -> None:
    assert load(monkeypatch, CORS_ORIGINS=text).cors_origins == [origin]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("API.Example.com", "api.example.com"),
        ("api.example.com.", "api.example.com"),
        ("*.EXAMPLE.org", "*.example.org"),
        ("my_service", "my_service"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("::1", "[::1]"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        ("*", "*"),
    ],
)
def test_hosts_are_read_as_they_are_compared(
    monkeypatch: pytest.MonkeyPatch, text: str, host: str
) -> None:
    assert load(monkeypatch, TRUSTED_HOSTS=text).trusted_hosts == [host]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGINS", "app.example.com"),
        ("CORS_ORIGINS", "localhost:3000"),
        ("CORS_ORIGINS", "//app.example.com"),
        ("CORS_ORIGINS", "https://app.example.com/shop"),
        ("CORS_ORIGINS", "https://app.example.com?x=1"),
        ("CORS_ORIGINS", "https://ann:hunter2@app.example.com"),
        ("CORS_ORIGINS", "https://app.example.com:port"),
        ("CORS_ORIGINS", "https://app example.com"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "https://good.example,https://"),
        ("CORS_ORIGINS", "wss://app.example.com"),
        ("CORS_ORIGINS", "ws://localhost:3000"),
        ("TRUSTED_HOSTS", "https://api.example.com"),
        ("TRUSTED_HOSTS", "api.example.com:8000"),
        ("TRUSTED_HOSTS", "[::1]:8000"),
        ("TRUSTED_HOSTS", "api.example.com/v1"),
        ("TRUSTED_HOSTS", "*example.com"),
        ("TRUSTED_HOSTS", "api.*.com"),
        ("TRUSTED_HOSTS", "api example.com"),
        ("TRUSTED_HOSTS", "good.example,a..example"),
    ],
)
def test_what_would_never_match_is_refused_with_what_to_write_instead(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: write a .*\.example\.com"):
        load(monkeypatch, **{name: value})


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
        ("ROOT_PATH", f"/shop/../{SECRET}"),
        ("ROOT_PATH", "/."),
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

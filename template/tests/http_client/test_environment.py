"""Proxies and certificates of the environment are used, and never stop the start."""

import pytest

from app.clients import http
from app.clients.environment import load_certificates
from tests.http_client.conftest import MakeCaller
from tests.http_client.routes import CALL
from tests.http_client.upstream import Upstream
from tests.problems import assert_problem

HTTP, HTTPS = "http://weather.example.com/latest", "https://127.0.0.1:1/latest"
UNUSABLE = [
    ("ALL_PROXY", "socks5://ann:secret@127.0.0.1:1080", HTTP),
    ("HTTP_PROXY", "socks4://ann:secret@127.0.0.1:1080", HTTP),
    ("HTTP_PROXY", "http://ann:secret@proxy:port", HTTP),
    ("HTTPS_PROXY", "ftp://ann:secret@127.0.0.1", HTTPS),
    ("SSL_CERT_FILE", "/nowhere/secret.pem", HTTPS),
    ("SSL_CERT_FILE", "/dev/null", HTTPS),
]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def certificates_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the certificates for each app, as the variables change."""
    monkeypatch.setattr(http, "load_certificates", load_certificates)


@pytest.mark.parametrize(("variable", "value", "url"), UNUSABLE)
async def test_a_call_that_needs_an_invalid_variable_is_a_502_and_the_variable_is_logged(
    make_caller: MakeCaller,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    url: str,
) -> None:
    client = await make_caller(url, **{variable: value})
    capsys.readouterr()

    response = await client.get(CALL)

    logged = capsys.readouterr().out
    assert_problem(response, 502, "upstream_error")
    assert "http_client_variable_unusable" in logged
    assert variable in logged
    assert "secret" not in logged


@pytest.mark.parametrize(
    "environment",
    [
        {"ALL_PROXY": "socks5://127.0.0.1:1080", "NO_PROXY": "127.0.0.1"},
        {"ALL_PROXY": "socks5h://127.0.0.1:1080", "NO_PROXY": "10.0.0.0/8,127.0.0.0/8"},
        {"HTTPS_PROXY": "socks5://127.0.0.1:1080"},
        {"HTTP_PROXY": "nonsense://127.0.0.1", "NO_PROXY": "*"},
        {"SSL_CERT_FILE": "/nowhere/ca.pem", "SSL_CERT_DIR": "/nowhere"},
    ],
)
async def test_a_call_that_does_not_need_it_succeeds(
    make_caller: MakeCaller, environment: dict[str, str]
) -> None:
    client = await make_caller(**environment)

    assert (await client.get(CALL)).status_code == 200


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
async def test_a_valid_proxy_is_used(
    make_caller: MakeCaller, upstream: Upstream, variable: str
) -> None:
    proxy = upstream.url.removesuffix("/latest")
    client = await make_caller(HTTP, **{variable: proxy})

    response = await client.get(CALL)

    assert response.status_code == 200
    assert upstream.asked[0].headers["host"] == "weather.example.com"

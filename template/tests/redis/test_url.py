"""`REDIS_URL`, for all clients."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from redis.exceptions import RedisError

from app.redis.feature import make_client
from app.redis.settings import RedisSettings, read_redis_url
from tests.redis.tls import tls_server

VERIFIED = "?ssl_cert_reqs=required&ssl_check_hostname=true"


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("redis://h", "redis://h/0"),
        (" redis://ann:p%40ss@h:1/2 ", "redis://ann:p%40ss@h:1/2"),
        ("redis://h?db=3", "redis://h/3"),
        ("redis://:a;b@h/0", "redis://:a%3Bb@h/0"),
        ("unix://:secret@/run/redis.sock?db=2", "unix://:secret@/run/redis.sock?db=2"),
        ("REDISS://h:2/1", f"rediss://h:2/1{VERIFIED}"),
        ("rediss://h/0?ssl_cert_reqs=CERT_REQUIRED", f"rediss://h/0{VERIFIED}"),
        (
            "rediss://h?ssl_cert_reqs=required&ssl_check_hostname=0",
            f"rediss://h/0{VERIFIED.replace('true', 'false')}",
        ),
        (
            "rediss://h/0?ssl_cert_reqs=CERT_NONE",
            f"rediss://h/0{VERIFIED.replace('required', 'none')}",
        ),
    ],
)
def test_a_url_is_normalised_for_all_clients(text: str, normalised: str) -> None:
    assert read_redis_url(text) == normalised


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("rediss://:secret@h/0?ssl_cert_reqs=maybe", "ssl_cert_reqs"),
        ("rediss://:secret@h/0?ssl_check_hostname=maybe", "ssl_check_hostname"),
        ("rediss://:secret@h/0?ssl_check_hostname=", "ssl_check_hostname"),
        ("rediss://:secret@h/0?ssl_ca_certs=/nowhere/ca.pem", "ssl_ca_certs"),
        ("rediss://:secret@h/0?ssl_ca_certs=/dev/null", "ssl_ca_certs"),
        ("rediss://:secret@h/0?ssl_keyfile=/dev/null", "ssl_certfile"),
        ("redis://:secret@h/0?ssl_cert_reqs=none", "ssl_cert_reqs"),
        ("redis://:secret@h/0?decode_responses=true", "decode_responses"),
        ("redis://:secret@h/zero", "number"),
        ("redis://:secret#2@h/0", "%23"),
        ("memcached://:secret@h", "redis://"),
    ],
)
def test_an_invalid_url_is_rejected_by_name(url: str, named: str) -> None:
    with pytest.raises(ValueError, match=named) as raised:
        read_redis_url(url)

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "options", "sent"),
    [
        ("localhost", "", False),
        ("localhost", "?ssl_cert_reqs=required", False),
        ("localhost", "?ssl_ca_certs={ca}", True),
        ("elsewhere.example.com", "?ssl_ca_certs={ca}", False),
        ("elsewhere.example.com", "?ssl_ca_certs={ca}&ssl_check_hostname=false", True),
        ("localhost", "?ssl_cert_reqs=CERT_NONE", True),
    ],
)
async def test_the_password_is_sent_only_to_a_trusted_server(
    tmp_path: Path, name: str, options: str, sent: bool
) -> None:
    with tls_server(tmp_path, name) as server:
        url = f"rediss://:secret@localhost:{server.port}/0{options.format(ca=server.trusted)}"
        settings = RedisSettings(redis_url=SecretStr(url))
        assert settings.redis_url
        async with make_client(settings.redis_url) as client:
            with pytest.raises((RedisError, OSError)):
                await client.ping()

    assert (b"secret" in server.received) is sent

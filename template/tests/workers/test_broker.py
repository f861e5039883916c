"""One way to write `CELERY_BROKER_URL`, whatever the broker."""

from contextlib import suppress
from pathlib import Path

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from pydantic import SecretStr

from app.workers.settings import JobSettings, celery_config, connection_settings, read_broker_url
from tests.redis.tls import tls_server


@pytest.mark.parametrize(
    ("text", "celery"),
    [
        ("redis://h", "redis://h/0"),
        ("unix:///run/s.sock?db=2", "redis+socket:///run/s.sock?virtual_host=2"),
        ("redis+socket:///run/s.sock?virtual_host=2", "redis+socket:///run/s.sock?virtual_host=2"),
        ("amqp://ann:p@h//", "amqp://ann:p@h//"),
        ("amqp://one/v; amqp://two/v", "amqp://one/v;amqp://two/v"),
        ("amqps://h/v?heartbeat=30", "amqps://h/v?heartbeat=30"),
        ("memory://", "memory://"),
    ],
)
def test_a_url_is_translated_for_celery(text: str, celery: str) -> None:
    assert connection_settings(read_broker_url(text))["broker_url"] == celery


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("amqp://ann:secret@h?ssl_cert_reqs=none", "ssl_cert_reqs"),
        ("amqps://ann:secret@h?verify=verify_peer", "verify"),
        ("amqp://ann:secret@h?heartbeat=often", "heartbeat"),
        ("amqps://ann:secret@h?heartbeat=-1", "heartbeat"),
        ("amqps://ann:secret@h?ssl_check_hostname=perhaps", "ssl_check_hostname"),
        ("amqps://ann:secret@h?ssl_ca_certs=/nowhere", "ssl_ca_certs"),
        ("rediss://:secret@h?ssl_cert_reqs=CERT_MAYBE", "ssl_cert_reqs"),
        ("amqp://ann:secret@one;amqps://ann:secret@two", "same scheme"),
        ("sqs://ann:secret@h", "amqp://"),
    ],
)
def test_what_could_not_work_is_refused_by_name(url: str, named: str) -> None:
    with pytest.raises(ValueError, match=named) as raised:
        read_broker_url(url)

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
@pytest.mark.parametrize(
    ("name", "options", "trusted"),
    [
        ("localhost", "", False),
        ("localhost", "?ssl_cert_reqs=CERT_REQUIRED", False),
        ("localhost", "?ssl_ca_certs={ca}", True),
        ("elsewhere.example.com", "?ssl_ca_certs={ca}", False),
        ("elsewhere.example.com", "?ssl_ca_certs={ca}&ssl_check_hostname=no", True),
        ("localhost", "?ssl_cert_reqs=none", True),
    ],
)
def test_celery_speaks_only_to_a_broker_with_a_certificate_that_is_trusted(
    tmp_path: Path, scheme: str, name: str, options: str, trusted: bool
) -> None:
    with tls_server(tmp_path, name) as server:
        url = f"{scheme}://ann:secret@localhost:{server.port}/0{options.format(ca=server.trusted)}"
        app = Celery(set_as_current=False)
        app.conf.update(celery_config(JobSettings(celery_broker_url=SecretStr(url))))
        with suppress(OperationalError, OSError), app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)

    assert bool(server.received) is trusted

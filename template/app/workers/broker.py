"""Read `CELERY_BROKER_URL`, and configure Celery's connection to the broker."""

import re
import ssl
from typing import Any

from app.redis.url import join_url, read_options, read_redis_url, split_url

SCHEMES = ("redis", "rediss", "unix", "redis+socket", "amqp", "amqps", "memory")
# The options in the URL, and their names in RabbitMQ's client.
AMQP_FILES = {"ssl_ca_certs": "ca_certs", "ssl_certfile": "certfile", "ssl_keyfile": "keyfile"}
AMQP_OPTIONS = {
    "amqp": ("heartbeat",),
    "amqps": ("heartbeat", "ssl_cert_reqs", "ssl_check_hostname", *AMQP_FILES),
}


def read_broker_url(text: str) -> str:
    """Check one URL, or several between semicolons; raise `ValueError` if one is invalid."""
    urls = [read_one(part.strip()) for part in text.split(";")]
    if len({(url.partition("://")[0], url.partition("?")[2]) for url in urls}) > 1:
        raise ValueError("several brokers must have the same scheme and options")
    return ";".join(urls)


def read_one(text: str) -> str:
    """Read the URL of one broker."""
    url = split_url(text, SCHEMES)
    if url.scheme == "memory":
        return text
    if url.scheme in AMQP_OPTIONS:
        options = read_options(url, AMQP_OPTIONS[url.scheme])
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", options.get("heartbeat", "0")):
            raise ValueError("heartbeat must be a number of seconds")
        return join_url(url, url.path, options)
    # Celery has its own names for a Unix socket and its database.
    text = text.replace("redis+socket://", "unix://", 1).replace("?virtual_host=", "?db=", 1)
    return read_redis_url(text)


def connection_settings(url: str) -> dict[str, Any]:
    """Translate a checked URL into Celery's settings."""
    if url.startswith("amqps://"):
        parts = [split_url(part, ("amqps",)) for part in url.split(";")]
        options = read_options(parts[0], AMQP_OPTIONS["amqps"])
        own = {name: value for name, value in options.items() if name == "heartbeat"}
        bare = ";".join(join_url(part, part.path, own) for part in parts)
        return {"broker_url": bare, "broker_use_ssl": amqp_tls(parts[0].hostname, options)}
    # Celery reads the other options itself.
    url = url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    return {"broker_url": url or None}


def amqp_tls(host: str | None, options: dict[str, str]) -> dict[str, Any]:
    """Verify the certificate and its host name, which the client checks only if it is given one."""
    verified = options["ssl_cert_reqs"] != "none"
    tls: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED if verified else ssl.CERT_NONE}
    if verified and options["ssl_check_hostname"] == "true":
        tls["server_hostname"] = host or "localhost"
    return tls | {AMQP_FILES[name]: options[name] for name in AMQP_FILES if name in options}

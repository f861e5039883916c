"""The address of Redis, which all clients understand the same way."""

import ssl
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from pydantic import AfterValidator, SecretStr

from app.core.settings import EnvSettings

CERT_REQS = ("required", "optional", "none")
TLS_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
TLS_OPTIONS = ("ssl_cert_reqs", "ssl_check_hostname", "ssl_password", *TLS_FILES)
ESCAPE_HINT = "; in a password, write # as %23, / as %2F, ? as %3F and @ as %40"
TRUE_VALUES = ("true", "yes", "y", "t", "1")
FALSE_VALUES = ("false", "no", "n", "f", "0")


def read_redis_url(text: str) -> str:
    """Return the URL in the form that all clients understand, or raise `ValueError` without it.

    The certificate of a `rediss://` server is verified unless `ssl_cert_reqs=none` is given.
    """
    url = split_url(text, ("redis", "rediss", "unix"))
    options = read_options(url, ("db", *TLS_OPTIONS) if url.scheme == "rediss" else ("db",))
    path = url.path if url.scheme == "unix" else ""
    database = options.pop("db", "" if path else url.path.strip("/")) or "0"
    if not (database.isascii() and database.isdigit()):
        raise ValueError("the database must be a number, as in redis://host:6379/0")
    if url.scheme == "unix":
        return join_url(url, path, {"db": database})
    return join_url(url, f"/{database}", options)


def split_url(text: str, schemes: Collection[str]) -> SplitResult:
    """Split a URL, or raise `ValueError` if it has none of the schemes."""
    try:
        url = urlsplit(text.strip())
        _ = url.port
    except ValueError:
        raise ValueError(f"is not a URL like redis://host:6379/0{ESCAPE_HINT}") from None
    if url.scheme not in schemes:
        raise ValueError(f"must start with {', '.join(f'{scheme}://' for scheme in schemes)}")
    if url.fragment or "#" in text:
        raise ValueError(f"has a # in it{ESCAPE_HINT}")
    return url


def join_url(url: SplitResult, path: str, options: Mapping[str, str]) -> str:
    """Build a URL."""
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    server = url.netloc.replace(";", "%3B")  # which ends a URL for Celery
    return f"{url.scheme}://{server}{path}{query}"


def read_options(url: SplitResult, known: Collection[str]) -> dict[str, str]:
    """Parse the query, or raise `ValueError` for an unknown option."""
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    for name in options:
        if name not in known:
            raise ValueError(f"the option {name} is not known for {url.scheme}://")
    if "ssl_cert_reqs" not in known:
        return options
    return options | read_tls_options(options)


def read_tls_options(options: Mapping[str, str]) -> dict[str, str]:
    """Parse how the certificate is verified; `CERT_NONE`, as Celery spells it, is `none`."""
    cert_reqs = options.get("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    if cert_reqs not in CERT_REQS:
        raise ValueError(f"ssl_cert_reqs must be one of {', '.join(CERT_REQS)}")
    check_hostname = options.get("ssl_check_hostname", "true").lower()
    if check_hostname not in TRUE_VALUES + FALSE_VALUES:
        raise ValueError("ssl_check_hostname must be true or false")
    check_files(options)
    check_hostname = "true" if check_hostname in TRUE_VALUES else "false"
    return {"ssl_cert_reqs": cert_reqs, "ssl_check_hostname": check_hostname}


def check_files(options: Mapping[str, str]) -> None:
    """Raise `ValueError` if a certificate file cannot be used."""
    for name in TLS_FILES:
        if name in options and not Path(options[name]).exists():
            raise ValueError(f"{name}: there is no such file")
    if "ssl_keyfile" in options and "ssl_certfile" not in options:
        raise ValueError("ssl_keyfile needs ssl_certfile")
    try:
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
        if certificate := options.get("ssl_certfile"):
            password = options.get("ssl_password", "")
            context.load_cert_chain(certificate, options.get("ssl_keyfile"), password)
    except OSError:
        raise ValueError("ssl_ca_certs, ssl_certfile or ssl_keyfile cannot be used") from None


def valid_redis_url(url: SecretStr) -> SecretStr:
    """Validate and normalise the URL. No message repeats it: it may contain a password."""
    return SecretStr(read_redis_url(url.get_secret_value()))


class RedisSettings(EnvSettings):
    """Without `REDIS_URL`, each process has its own cache, limits and connections."""

    redis_url: Annotated[SecretStr, AfterValidator(valid_redis_url)] | None = None

"""Settings of mail: the server, the sender, and the reserved domains that are accepted."""

import re
from collections.abc import Collection
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import unquote
from pathlib import Path
from typing import Annotated, Literal, Self

import email_validator
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from app.core.addresses import read_host
from app.core.mail import to_ascii_domain
from app.core.settings import CommaSeparated, EnvSettings

SENDER = re.compile(r"(?P<name>[^<>\x00-\x1f\x7f]*?)\s*<(?P<address>[^<>]*)>|(?P<only>[^<>]*)")
# What every server accepts, those without SMTPUTF8 (RFC 6531) too; lengths as in RFC 5321 §4.5.3.1.
LABEL = r"[a-z\d]([a-z\d-]{0,61}[a-z\d])?"
ADDRESS = re.compile(
    rf"[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{LABEL}(\.{LABEL})*", re.ASCII | re.IGNORECASE
)
# Longer ones would be folded, and Python loses their quotes then.
MAX_NAME_LENGTH = 64
# Top-level domains that no public mail server knows, and that internal networks use (RFC 6761).
RESERVED_DOMAINS = tuple(email_validator.SPECIAL_USE_DOMAIN_NAMES)


def parse_sender(value: object) -> Address:
    """Parse `shop@example.com`, `Teapots <shop@example.com>` or `Doe, Jane <shop@example.com>`."""
    match = SENDER.fullmatch(str(value).strip())
    address = to_ascii_domain((match["address"] or match["only"] or "") if match else "")
    if match is None or not ADDRESS.fullmatch(address):
        raise ValueError("must be an address like shop@example.com or Teapots <shop@example.com>")
    name = unquote(match["name"] or "")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"must not have a name of more than {MAX_NAME_LENGTH} characters")
    try:
        return Address(display_name=name, addr_spec=address)
    except (MessageError, ValueError):
        raise ValueError(f"{address} is no address that mail can be sent from") from None


def accept_reserved_domains(domains: Collection[str]) -> None:
    """Accept email addresses below these reserved domains, and below no others.

    The validator has one list for the whole process, which its documentation says to change.
    """
    refused = [name for name in RESERVED_DOMAINS if name not in domains]
    email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = refused


def check_server(text: str) -> str:
    """Validate and normalize a host. A URL or a port, which has its own setting, is refused."""
    return read_host(text).strip("[]") if text else ""


def check_reserved(domain: str) -> str:
    """Refuse a domain that is not reserved, or is misspelt."""
    name = domain.lower().removeprefix(".")
    if name not in RESERVED_DOMAINS:
        raise ValueError(f"is a list of reserved domains: {', '.join(RESERVED_DOMAINS)}")
    return name


class EmailSettings(EnvSettings):
    """`console` writes mail to stderr, `file` to a folder, `smtp` sends it."""

    email_backend: Literal["console", "file", "smtp"] = "console"
    email_file_dir: Path = Path(".local/mail")
    # An address, or a name with one: `Teapots <shop@example.com>`.
    emails_from: Annotated[Address, BeforeValidator(parse_sender)] = parse_sender(
        "no-reply@localhost"
    )
    # Reserved domains, such as `local`, at which accounts are accepted; None: see below.
    email_reserved_domains: (
        CommaSeparated[Annotated[str, AfterValidator(check_reserved)]] | None
    ) = None
    # The page of your website that asks for the new password; the token is appended.
    password_reset_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    # The same for the page that verifies an address: it sends the token when a button is pressed.
    email_verification_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""

    smtp_host: Annotated[str, AfterValidator(check_server)] = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    # Seconds.
    smtp_timeout: Annotated[float, Field(gt=0)] = 10

    environment: str = "development"

    @property
    def reserved_domains(self) -> list[str]:
        """The accepted ones; outside production, those that tests and internal networks use."""
        if self.email_reserved_domains is not None:
            return self.email_reserved_domains
        return [] if self.environment == "production" else ["local", "test"]

    @model_validator(mode="after")
    def require_smtp_host(self) -> Self:
        """Require a server for SMTP."""
        if self.email_backend == "smtp" and not self.smtp_host:
            raise ValueError("SMTP_HOST: is required when EMAIL_BACKEND is smtp")
        return self

"""Where files are kept, and how many of which kind."""

import re
from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from app.core.project import ROOT
from app.core.settings import CommaSeparated, EnvSettings
from app.storage.types import TYPES

# Of the URLs that name a storage, those that we have tested. Nothing would look at a query or a
# fragment, and no name has a NUL.
STORAGES = re.compile(
    r"(?!.*%00)(file:///[^?#\x00-\x1f]+|s3://[\w.-]+(/[^?#\x00-\x1f]*)?|memory:(//)?)", re.ASCII
)
IN_PROJECT = (ROOT / ".local" / "storage").as_uri()
DEFAULT_TYPES = [
    "application/pdf",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
]


class StorageSettings(EnvSettings):
    """Without `STORAGE_URL` files go to the project's own folder, which a person may look into."""

    storage_url: str = IN_PROJECT
    # Above 0: downloads are answered with a link to S3 that is good for so many seconds.
    storage_link_seconds: Annotated[int, Field(ge=0, le=7 * 24 * 3600)] = 0
    # How often bytes that belong to no file are looked for; 0: only by `sweep-files`.
    storage_sweep_seconds: Annotated[int, Field(ge=0)] = 3600

    # Of one file, and of all files of one user; 0: no bound.
    upload_max_bytes: Annotated[int, Field(ge=1)] = 5 * 1024 * 1024
    upload_quota_bytes: Annotated[int, Field(ge=0)] = 1024**3
    upload_allowed_types: CommaSeparated[str] = DEFAULT_TYPES

    # For s3://; without them, what the machine itself is given (its role, its environment).
    aws_access_key_id: str = ""
    aws_secret_access_key: SecretStr = SecretStr("")
    aws_region: str = ""
    # Of a server that is not Amazon's, e.g. http://127.0.0.1:9000
    aws_endpoint_url: HttpUrl | None = None

    @field_validator("storage_url")
    @classmethod
    def known_kind(cls, url: str) -> str:
        """Take nothing that the first upload would fail with, or that means less than it says."""
        if not STORAGES.fullmatch(url):
            raise ValueError("must be file:///folder, s3://bucket/prefix or memory://")
        return url

    @field_validator("aws_endpoint_url")
    @classmethod
    def plain_address(cls, url: HttpUrl | None) -> HttpUrl | None:
        """The bucket is put behind it, and links to it are shown to people."""
        if re.search("[?#@]", str(url)):
            raise ValueError("must be a scheme and a host, with a port and a path at most")
        return url

    @field_validator("upload_allowed_types")
    @classmethod
    def known_types(cls, types: list[str]) -> list[str]:
        """A type whose content nobody can tell must not be let in."""
        if not types or set(types) - TYPES.keys():
            raise ValueError(f"must be some of {', '.join(TYPES)}")
        return types

    @model_validator(mode="after")
    def whole_key(self) -> Self:
        """Half a key is a mistake, not a wish for the machine's role."""
        halves = {bool(self.aws_access_key_id), bool(self.aws_secret_access_key)}
        if len(halves) > 1 and self.storage_url.startswith("s3:"):
            raise ValueError("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: set both or none")
        return self

    @property
    def in_project(self) -> bool:
        """Whether files are kept where the next deployment may not find them."""
        return self.storage_url == IN_PROJECT

"""Where files are kept, and how many of which kind."""

import re
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from app.core.project import ROOT
from app.core.settings import CommaSeparated, EnvSettings
from app.storage.types import TYPES

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
    aws_endpoint_url: str = ""

    @field_validator("storage_url")
    @classmethod
    def known_kind(cls, url: str) -> str:
        """Of the URLs that name a storage, take those that we have tested."""
        if not re.match(r"file:///.|s3://[^/]|memory:", url):
            raise ValueError("must be file:///folder, s3://bucket/prefix or memory://")
        return url

    @field_validator("upload_allowed_types")
    @classmethod
    def known_types(cls, types: list[str]) -> list[str]:
        """A type whose content nobody can tell must not be let in."""
        if not types or set(types) - TYPES.keys():
            raise ValueError(f"must be some of {', '.join(TYPES)}")
        return types

    @property
    def in_project(self) -> bool:
        """Whether files are kept where the next deployment may not find them."""
        return self.storage_url == IN_PROJECT

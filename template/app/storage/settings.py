"""Settings of uploads and their storage."""

import re
from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from app.core.config import ROOT
from app.core.settings import CommaSeparated, EnvSettings
from app.storage.validation import FILE_TYPES

# The tested kinds. A query or a fragment would be ignored, and no name has a NUL.
STORAGE_URL = re.compile(
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
    """Without `STORAGE_URL` files are stored in the project's folder."""

    storage_url: str = IN_PROJECT
    # Above 0: downloads redirect to a presigned URL of S3, valid for so many seconds.
    storage_link_seconds: Annotated[int, Field(ge=0, le=7 * 24 * 3600)] = 0
    # Limits of one file, and of all files of one user (0: no limit).
    upload_max_bytes: Annotated[int, Field(ge=1)] = 5 * 1024 * 1024
    upload_quota_bytes: Annotated[int, Field(ge=0)] = 1024**3
    upload_allowed_types: CommaSeparated[str] = DEFAULT_TYPES

    # For s3://; without them, the role or the environment of the machine.
    aws_access_key_id: str = ""
    aws_secret_access_key: SecretStr = SecretStr("")
    aws_region: str = ""
    # Of another server than Amazon's, e.g. http://127.0.0.1:9000
    aws_endpoint_url: HttpUrl | None = None

    @field_validator("storage_url")
    @classmethod
    def check_url(cls, url: str) -> str:
        """Refuse a URL with which the first upload would fail, or of which a part is ignored."""
        if not STORAGE_URL.fullmatch(url):
            raise ValueError("must be file:///folder, s3://bucket/prefix or memory://")
        return url

    @field_validator("aws_endpoint_url")
    @classmethod
    def check_endpoint(cls, url: HttpUrl | None) -> HttpUrl | None:
        """Refuse a query, since the bucket is appended, and credentials, which links would show."""
        if re.search("[?#@]", str(url)):
            raise ValueError("must be a scheme and a host, with a port and a path at most")
        return url

    @field_validator("upload_allowed_types")
    @classmethod
    def check_types(cls, types: list[str]) -> list[str]:
        """Refuse types whose content cannot be validated."""
        if not types or set(types) - FILE_TYPES.keys():
            raise ValueError(f"must be some of {', '.join(FILE_TYPES)}")
        return types

    @model_validator(mode="after")
    def check_key(self) -> Self:
        """Refuse half a key: it does not mean the role of the machine."""
        halves = {bool(self.aws_access_key_id), bool(self.aws_secret_access_key)}
        if len(halves) > 1 and self.storage_url.startswith("s3:"):
            raise ValueError("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: set both or none")
        return self

    @property
    def in_project(self) -> bool:
        """Whether files are stored where the next deployment may not find them."""
        return self.storage_url == IN_PROJECT

"""The core settings. Each feature keeps its own settings class beside its code."""

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator
from sqlalchemy import URL

from app.core.client_address import unmap_network
from app.core.database_url import parse_database_url
from app.core.project import PROJECT
from app.core.settings import CommaSeparated, EnvSettings
from app.core.web_names import read_origin, read_trusted_host

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=0)]
Network = Annotated[IPv4Network | IPv6Network, AfterValidator(unmap_network)]
Origin = Annotated[str, AfterValidator(read_origin)]
Host = Annotated[str, AfterValidator(read_trusted_host)]
ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")


class Settings(EnvSettings):
    """What every part of the service needs to know of its surroundings."""

    environment: Literal["development", "test", "staging", "production"] = "development"
    project_name: str = PROJECT.title
    debug: bool = False

    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    log_format: Literal["json", "console"] = "json"

    host: str = "127.0.0.1"
    port: Port = 8000
    web_concurrency: Annotated[int, Field(ge=1, le=256)] = 1
    # What a proxy takes away from the paths, such as /shop.
    root_path: str = ""
    request_max_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    # Seconds between SIGTERM and the closed listener, in which a balancer notices.
    shutdown_drain_seconds: Annotated[float, Field(ge=0, le=300)] | None = None
    # Seconds that running requests then still get.
    shutdown_grace_seconds: Annotated[int, Field(ge=1, le=3600)] = 30

    docs_enabled: bool | None = None
    cors_origins: CommaSeparated[Origin] = []
    trusted_hosts: CommaSeparated[Host] = []
    trusted_proxies: CommaSeparated[Network] = []

    database_url: Annotated[URL, BeforeValidator(parse_database_url)]
    # Off behind PgBouncer and other poolers in transaction mode.
    db_prepared_statements: bool = True
    # Requests that use the database at once in a process; others wait their turn.
    db_pool_size: Annotated[int, Field(ge=1)] = 10
    db_max_overflow: Count = 0
    # Seconds.
    db_pool_timeout: Annotated[float, Field(gt=0)] = 2
    db_pool_recycle: Annotated[int, Field(ge=1)] = 1800
    # Seconds that a migration waits for a table that is in use, in each of a few tries.
    migration_lock_timeout: Annotated[float, Field(gt=0, le=60)] = 3

    @field_validator("log_level", mode="before")
    @classmethod
    def lower_case(cls, level: object) -> object:
        """Accept `INFO` as well as `info`."""
        return level.lower() if isinstance(level, str) else level

    @field_validator("root_path")
    @classmethod
    def beginning_with_a_slash(cls, path: str) -> str:
        """Accept a path; one slash at its end makes no difference."""
        if not ROOT_PATH.fullmatch(path):
            raise ValueError("a path such as /shop, of letters, digits, slashes and -._~")
        return path.rstrip("/")

    @model_validator(mode="after")
    def fit_for_production(self) -> Self:
        """Refuse what is handy in development and dangerous in production."""
        if self.environment == "production" and self.debug:
            raise ValueError("DEBUG: must be off in production")
        return self

    @model_validator(mode="after")
    def fit_for_a_pooler(self) -> Self:
        """Refuse what a pooler in transaction mode refuses."""
        options = f" {self.database_url.query.get('options', '')}"
        if not self.prepared_statements and re.search(r"\s(-c|--\w+=)", options):
            raise ValueError(
                "DATABASE_URL: a pooler takes no settings in `options`: write them on the role, "
                "with ALTER ROLE ... SET"
            )
        return self

    @property
    def prepared_statements(self) -> bool:
        """Whether a connection of ours stays the same one: none does behind a pooler."""
        # As Prisma and Supabase write it.
        pooled = self.database_url.query.get("pgbouncer") == "true"
        return self.db_prepared_statements and not pooled

    @property
    def serves_docs(self) -> bool:
        """Whether /docs, /redoc and the OpenAPI document are public."""
        if self.docs_enabled is None:
            return self.environment != "production"
        return self.docs_enabled

    @property
    def drain_seconds(self) -> float:
        """Seconds to go on serving after SIGTERM: none while developing, 5 elsewhere."""
        if self.shutdown_drain_seconds is None:
            return 0 if self.environment in {"development", "test"} else 5
        return self.shutdown_drain_seconds

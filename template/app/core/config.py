"""The project's metadata, and the core settings. Each feature has a settings class of its own."""

import multiprocessing
import os
import re
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy import URL

from app.core.addresses import read_origin, read_trusted_host, unmap_network
from app.core.database_url import parse_database_url
from app.core.settings import CommaSeparated, EnvSettings

ROOT = Path(__file__).resolve().parents[2]
# Set by servers that manage a single process too, if WEB_CONCURRENCY says how many there are.
SERVE_VARIABLE = "APP_SERVE"


class Project(BaseModel):
    """What the service uses of the `[project]` and `[tool.app]` tables."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    version: str
    description: str
    license: str
    server: str
    author: str
    email: str

    @property
    def license_info(self) -> dict[str, str] | None:
        """The licence for the OpenAPI document: an SPDX expression; None if it is not of that list.

        Client generators cannot look up the project's own `LicenseRef-Proprietary`.
        """
        if self.license.startswith("LicenseRef-"):
            return None
        return {"name": self.license, "identifier": self.license}


def read_project() -> Project:
    """Read pyproject.toml, which is deployed with the code."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    author = project["authors"][0]
    names = {"author": author["name"], "email": author["email"]}
    return Project.model_validate({**project, **document["tool"]["app"], **names})


PROJECT = read_project()


def _root_path(path: str) -> str:
    """Accept a path; one slash at its end makes no difference. Clients resolve `.` and `..`."""
    if not re.fullmatch(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?", path):
        raise ValueError("a path such as /shop, of letters, digits, slashes and -._~")
    return path.rstrip("/")


def has_supervisor() -> bool:
    """Whether another process manages this one, and perhaps others."""
    gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    return gunicorn or multiprocessing.parent_process() is not None


LogLevel = Literal["debug", "info", "warning", "error", "critical"]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=0)]
Network = Annotated[IPv4Network | IPv6Network, AfterValidator(unmap_network)]
Origin = Annotated[str, AfterValidator(read_origin)]
Host = Annotated[str, AfterValidator(read_trusted_host)]


class Settings(EnvSettings):
    """The settings that every part of the service uses."""

    environment: Literal["development", "test", "staging", "production"] = "development"
    project_name: str = PROJECT.title
    debug: bool = False

    log_level: Annotated[LogLevel, BeforeValidator(str.lower)] = "info"
    log_format: Literal["json", "console"] = "json"

    # An IPv6 address may be in brackets, as in URLs.
    host: Annotated[str, AfterValidator(lambda host: host.strip("[]"))] = "127.0.0.1"
    port: Port = 8000
    web_concurrency: Annotated[int, Field(ge=1, le=256)] = 1
    # The prefix that a proxy strips from paths, such as /shop.
    root_path: Annotated[str, AfterValidator(_root_path)] = ""
    request_max_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    # Seconds from SIGTERM until the server stops accepting connections: load balancers react.
    shutdown_drain_seconds: Annotated[float, Field(ge=0, le=300)] | None = None
    # Seconds that running requests then have.
    shutdown_grace_seconds: Annotated[int, Field(ge=1, le=3600)] = 30

    docs_enabled: bool | None = None
    cors_origins: CommaSeparated[Origin] = []
    trusted_hosts: CommaSeparated[Host] = []
    trusted_proxies: CommaSeparated[Network] = []

    database_url: Annotated[URL, BeforeValidator(parse_database_url)]
    # Off behind PgBouncer and other poolers in transaction mode.
    db_prepared_statements: bool = True
    # How many requests of a process use the database at once; others wait.
    db_pool_size: Annotated[int, Field(ge=1)] = 10
    db_max_overflow: Count = 0
    # Seconds.
    db_pool_timeout: Annotated[float, Field(gt=0)] = 2
    db_pool_recycle: Annotated[int, Field(ge=1)] = 1800
    # Seconds that a migration waits for a locked table, in each of a few attempts.
    migration_lock_timeout: Annotated[float, Field(gt=0, le=60)] = 3

    @model_validator(mode="after")
    def check_consistency(self) -> Self:
        """Refuse debugging in production, and options that a pooler in transaction mode refuses."""
        if self.environment == "production" and self.debug:
            raise ValueError("DEBUG: must be off in production")
        options = f" {self.database_url.query.get('options', '')}"
        if not self.prepared_statements and re.search(r"\s(-c|--\w+=)", options):
            raise ValueError(
                "DATABASE_URL: a pooler takes no settings in `options`: write them on the role, "
                "with ALTER ROLE ... SET"
            )
        return self

    @property
    def several_processes(self) -> bool:
        """Whether other processes may serve too: `uvicorn --workers 2` counts."""
        if SERVE_VARIABLE in os.environ or not has_supervisor():
            return self.web_concurrency > 1
        # Uvicorn and hypercorn pass their configuration to a process; others do not say how many.
        server = getattr(multiprocessing.current_process(), "_kwargs", {}).get("config")
        return max(self.web_concurrency, getattr(server, "workers", 2)) > 1

    @property
    def prepared_statements(self) -> bool:
        """Whether statements may be prepared: not behind a pooler, as `pgbouncer=true` says too."""
        return self.db_prepared_statements and self.database_url.query.get("pgbouncer") != "true"

    @property
    def serves_docs(self) -> bool:
        """Whether /docs, /redoc and the OpenAPI document are public."""
        return self.environment != "production" if self.docs_enabled is None else self.docs_enabled

    @property
    def drain_seconds(self) -> float:
        """Seconds to go on serving after SIGTERM: 5 by default, 0 while developing."""
        if self.shutdown_drain_seconds is None:
            return 0 if self.environment in {"development", "test"} else 5
        return self.shutdown_drain_seconds

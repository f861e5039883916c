"""The project's metadata, read from pyproject.toml: the one source of its name and version."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

ROOT = Path(__file__).resolve().parents[2]


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

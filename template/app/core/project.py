"""What pyproject.toml says of this project: the one source of its name and version."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Project:
    """The `[project]` and `[tool.app]` tables, as far as the service speaks of them."""

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

        `LicenseRef-Proprietary` is the project's own word, which client generators cannot look up.
        """
        if self.license.startswith("LicenseRef-"):
            return None
        return {"name": self.license, "identifier": self.license}


def read_project() -> Project:
    """Read pyproject.toml, which is deployed beside the code."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    author = project["authors"][0]
    return Project(
        name=project["name"],
        title=document["tool"]["app"]["title"],
        version=project["version"],
        description=project["description"],
        license=project["license"],
        server=document["tool"]["app"]["server"],
        author=author["name"],
        email=author["email"],
    )


PROJECT = read_project()

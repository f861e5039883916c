"""Edits of a generated project by its users: the same for all answers.

Added files are in tests/overlay/. A change to a file of the template is a function of its
text, so that `update(edit(copy(A)), B)` can be compared with `edit(copy(B))`, byte for byte.
"""

import shutil
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

OVERLAY = Path(__file__).with_name("overlay")

Edit = Callable[[str], str]


def replace(old: str, new: str, text: str) -> str:
    """Replace a text that must occur exactly once."""
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    return text.replace(old, new)


def after(line: str, added: str) -> Edit:
    """Add lines behind a line."""
    return partial(replace, f"{line}\n", f"{line}\n{added}\n")


def before(line: str, added: str) -> Edit:
    """Add lines in front of a line."""
    return partial(replace, f"{line}\n", f"{added}\n{line}\n")


def change(old: str, new: str) -> Edit:
    """Change a few words."""
    return partial(replace, old, new)


# By file: what is changed in it. Files of a feature that is off are passed over.
EDITS: Mapping[str, list[Edit]] = {
    "app/main.py": [
        change(
            "from app.api.router import add_routes\n",
            "from app.api.router import V1, add_routes, read_access\n"
            "from app.api.v1.endpoints import suppliers\n",
        ),
        before(
            "from app.middleware.stack import add_middleware",
            "from app.middleware.served_by import ServedByMiddleware",
        ),
        after(
            "    add_routes(app)",
            "    app.include_router(suppliers.router, prefix=V1, dependencies=read_access)",
        ),
        after("    add_middleware(app)", "    app.add_middleware(ServedByMiddleware)"),
    ],
    # What `uv add` does, which tests/test_update_edits.py looks at.
    "pyproject.toml": [
        change('version = "0.1.0"', 'version = "1.4.0"'),
        after("    # project dependencies", '    "humanize>=4",'),
    ],
    "app/core/config.py": [
        change("db_pool_size: Annotated[int, Field(ge=1)] = 10", "db_pool_size: Count = 12"),
        after(
            "    db_pool_recycle: Annotated[int, Field(ge=1)] = 1800",
            "\n    # How many suppliers are listed.\n    suppliers_max: Count = 100",
        ),
    ],
    ".env.example": [
        change("DB_POOL_SIZE=10\n", "DB_POOL_SIZE=12\n"),
        after("# project settings", "SUPPLIERS_MAX=100"),
    ],
    "deploy/compose/settings.env": [
        change("DB_POOL_SIZE=10\n", "DB_POOL_SIZE=12\n"),
        after("# project settings", "SUPPLIERS_MAX=200"),
    ],
    "README.md": [
        lambda text: text.replace("\n\n", "\n\nOurs since Monday.\n\n", 1),
        lambda text: text + "\n## Suppliers\n\nAsk Ada.\n",
    ],
    "justfile": [
        lambda text: text + "\n# Count them\nsuppliers:\n    uv run python -m suppliers\n"
    ],
}


def edit(project: Path, names: Collection[str] = tuple(EDITS)) -> list[str]:
    """Make the changes, and return those of these files that exist."""
    shutil.copytree(OVERLAY, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.pyc"))
    there = [name for name in names if (project / name).exists()]
    for name in there:
        path = project / name
        path.write_text(apply(EDITS[name], path.read_text()))
    return there


def apply(changes: list[Edit], text: str) -> str:
    """Make one change after the other."""
    for make in changes:
        text = make(text)
    return text

"""An update over renamed files, in a whole service: edits arrive at the renamed functions.

The release with the new names is the last one with the old names, but for these renames, made word
by word. So no edit may conflict, and everything that was imported must be found.
"""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from tests import questions, releases
from tests.definitions import unresolved
from tests.projects import start, upgrade
from tests.rendering import git

pytestmark = pytest.mark.thorough

BEFORE = [one for one in releases.releases() if Version(one.version) < Version("2.0.0.dev0")][-1]
MOVED = {
    "app/websocket/hub.py": "app/websocket/manager.py",
    "app/core/drain.py": "app/core/shutdown.py",
    "app/limiter/__init__.py": "app/quota/__init__.py",
    "app/limiter/limiter.py": "app/quota/local.py",
    "app/limiter/address.py": "app/quota/address.py",
    "app/limiter/headers.py": "app/quota/headers.py",
    "app/limiter/rate.py": "app/quota/rate.py",
    "tests/websocket/test_seats.py": "tests/websocket/test_limit.py",
    "docs/websocket.md": "docs/live.md",
}
WORDS = {"Hub": "ConnectionManager", "LocalLimiter": "LocalQuota", "say_farewell": "run_callbacks"}
CONCERNED = re.compile(rf"\b({'|'.join(WORDS)})\b|limiter|drain")
FUNCTION = re.compile(r"^( *)(?:async )?def (\w+)\(.*\).*:\n", re.MULTILINE)


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def new_words(text: str) -> str:
    """Return a text with the new paths and dotted modules."""
    for old, new in sorted(MOVED.items(), reverse=True):
        text = text.replace(old, new)
        if old.endswith(".py"):
            text = re.sub(rf"(?<![\w.]){re.escape(dotted(old))}\b", dotted(new), text)
    return text


def rename_everything(top: Path) -> None:
    """Rename in a template, word by word."""
    for path in [path for path in (top / "template").rglob("*") if path.is_file()]:
        try:
            text = new_words(path.read_text())
        except UnicodeDecodeError:
            continue
        for old, new in WORDS.items() if ".py" in path.suffixes else ():
            text = re.sub(rf"\b{old}\b", new, text)
        path.write_text(text)
    for old, new in MOVED.items():
        (top / "template" / new).parent.mkdir(exist_ok=True)
        (top / "template" / old).rename(top / "template" / new)
    (top / "copier.yml").write_text(new_words((top / "copier.yml").read_text()))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template with its last release and a 2.0.0 that only renames."""
    folder = BEFORE.extract(tmp_path_factory.mktemp("service") / "template")
    git(folder, "init", "--quiet")
    releases.save(folder, BEFORE.version)
    rename_everything(folder)
    with (folder / "copier.yml").open("a") as config:
        yaml.safe_dump({"_migrations": questions.config()["_migrations"]}, config)
    shutil.copytree(questions.ROOT / "hooks", folder / "hooks", dirs_exist_ok=True)
    lines = [f"{old} > {new}" for old, new in MOVED.items()]
    modules = ("app/websocket/hub.py", "app/limiter/limiter.py", "app/core/drain.py")
    lines += [
        f"{dotted(module)}:{old} > {dotted(MOVED[module])}:{new}"
        for module, (old, new) in zip(modules, WORDS.items(), strict=True)
    ]
    (folder / "hooks/migrations/v2_0_0.txt").write_text("\n".join(lines))
    releases.save(folder, "2.0.0")
    return folder


def mark(path: Path) -> list[str]:
    """Add a comment to every function of a module, and return the commented lines."""
    text = path.read_text()
    places = {
        found[0]: f"{found[0]}{found[1]}    # Ours: {found[2]}.\n"
        for found in FUNCTION.finditer(text)
    }
    path.write_text(FUNCTION.sub(lambda found: places[found[0]], text))
    return [*places.values()]


def python_files(project: Path) -> list[str]:
    return [path.relative_to(project).as_posix() for path in project.rglob("*.py")]


def test_an_edit_to_every_function_stays_with_that_function(template: Path, tmp_path: Path) -> None:
    project = releases.copy(template, tmp_path / "project", BEFORE.version, preset="full")
    shutil.copytree(template / "tests/overlay", project, dirs_exist_ok=True)
    files = python_files(project)
    texts = {name: (project / name).read_text() for name in files}
    users = [name for name in files if CONCERNED.search(texts[name])]
    marks = {name: mark(project / name) for name in {*users, *MOVED} & {*files}}
    start(project)

    upgrade(project, {}, trusted=True)

    assert sum(map(len, marks.values())) > 100
    for name, places in marks.items():
        text = (project / MOVED.get(name, name)).read_text()
        lost = [place for place in map(new_definition, places) if place not in text]
        assert lost == [], name
        assert text.count("# Ours: ") == len(FUNCTION.findall(texts[name])), name
    assert len(python_files(project)) == len(files)
    assert list(unresolved(project, python_files(project))) == []


def new_definition(place: str) -> str:
    """Return a definition with its new name, and the comment below it as it was."""
    for old, new in WORDS.items():
        place = re.sub(rf"(?<!Ours: )\b{old}\b", new, place)
    return place

"""The list in hooks/migrations/v2_0_0.txt is correct and complete for the two releases."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest
from packaging.version import Version

from renames import Renames, dotted
from tests import releases
from tests.definitions import defined, importable
from tests.projects import SEEDS
from tests.questions import ROOT
from tests.test_sources import output

LIST = (ROOT / "hooks/migrations/v2_0_0.txt").read_text()
STATEMENT = re.compile(r"^ *{%.*%}$", re.MULTILINE)
RELEASES = releases.releases()
BEFORE = [one for one in RELEASES if Version(one.version) < Version("2.0.0.dev0")][-1]
# The first release with the new names: until there is one, the working tree.
AFTER = next((one for one in RELEASES if Version(one.version) >= Version("2.0.0")), None)

Texts = Mapping[str, str]  # by rendered path


def read(folder: Path) -> dict[str, str]:
    """Return the template's files with every feature on."""
    files = [path for path in (folder / "template").rglob("*") if path.is_file()]
    names = [path.relative_to(folder / "template").as_posix() for path in files]
    texts = [path.read_bytes().decode(errors="replace") for path in files]
    return {output(name): STATEMENT.sub("", text) for name, text in zip(names, texts, strict=True)}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    """Return the files of the last release with the old names."""
    return read(BEFORE.extract(tmp_path_factory.mktemp("old")))


@pytest.fixture(scope="module")
def new(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Texts:
    """Return the files of the first release with the new names."""
    return read(AFTER.extract(tmp_path_factory.mktemp("new")) if AFTER else source)


def text_of(files: Texts, module: str) -> str:
    """Return a module, which is empty if there is none."""
    path = module.replace(".", "/")
    return files.get(f"{path}.py", files.get(f"{path}/__init__.py", ""))


def faults(text: str, old: Texts, new: Texts, gone: Collection[str]) -> Iterator[str]:
    """Yield the errors and omissions of a list of renames."""
    renames = Renames(text)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    yield from (f"twice: {line}" for line, times in Counter(lines).items() if times > 1)
    named = Counter(line.partition(" > ")[0] for line in lines if ":" in line)
    yield from (f"two new names: {name}" for name, times in named.items() if times > 1)
    yield from (f"never rendered: {path}" for path in renames.files if path not in old)
    yield from (f"not rendered: {path}" for path in renames.sources if path not in new)
    stays = renames.files.keys() & new.keys() - renames.sources.keys()
    yield from (f"still rendered: {path}" for path in stays)
    yield from (f"a seed: {path}" for path in SEEDS if path in renames.files)
    lost = old.keys() - new.keys() - renames.files.keys() - set(gone)
    yield from (f"lost: {path}" for path in sorted(lost))
    yield from (f"given up: {path}" for path in renames.files if path in gone)
    yield from name_faults(renames, old, new)


def name_faults(renames: Renames, old: Texts, new: Texts) -> Iterator[str]:
    """Yield the errors in the names of classes, functions and constants."""
    for (source, name), (target, new_name) in renames.names.items():
        if name not in importable(text_of(old, source)):
            yield f"was not defined: {source}:{name}"
        if new_name not in importable(text_of(new, target)):
            yield f"is not defined: {target}:{new_name}"
        if (renames.modules.get(source, source), name) == (target, new_name):
            yield f"follows from its file: {source}:{name}"
    for source in map(dotted, renames.files):
        targets = renames.files.get(f"{source.replace('.', '/')}.py", [""])
        first, *others = map(dotted, targets)
        for name in defined(text_of(old, source)) - defined(text_of(new, first)):
            elsewhere = [other for other in others if name in defined(text_of(new, other))]
            if elsewhere and (source, name) not in renames.names:
                yield f"is in another part: {source}:{name} > {elsewhere[0]}:{name}"


def test_the_list_is_complete_and_correct(old: Texts, new: Texts) -> None:
    assert len(old) > 500
    assert len(new) > 300
    assert "add_routes" in defined(text_of(old, "app.api.router"))  # which has statements of Jinja
    assert list(faults(LIST, old, new, BEFORE.gone)) == []


SMALL_OLD = {
    "app/a.py": "class A: ...\nLIMIT: int = 1\n",
    "app/b.py": "async def b(): ...\n",
    "app/c.py": "def one(): ...\n\nif x:\n    def two(): ...\n",
    "app/d.py": "D = 1\n",
    "docs/gone.md": "",
    "CHANGELOG.md": "",
}
SMALL_NEW = {
    "app/b.py": "class Aa: ...\nMAX: int = 1\n",
    "app/bb.py": "async def b(): ...\n",
    "app/one.py": "def one(): ...\n",
    "app/two.py": "def two(): ...\n",
    "app/d.py": "DD = 1\n",
    "CHANGELOG.md": "",
}
SMALL_LIST = """\
# a comment
app/a.py > app/b.py
app/b.py > app/bb.py
app/c.py > app/one.py
app/c.py > app/two.py
app.a:A > app.b:Aa
app.a:LIMIT > app.b:MAX
app.c:two > app.two:two
app.d:D > app.d:DD
"""


def test_a_correct_list_has_no_faults() -> None:
    assert list(faults(SMALL_LIST, SMALL_OLD, SMALL_NEW, ["docs/gone.md"])) == []


@pytest.mark.parametrize(
    ("before", "now", "fault"),
    [
        ("app/a.py > app/b.py\n", "", "lost: app/a.py"),
        ("app/a.py > app/b.py", "app/a.py > app/x.py", "not rendered: app/x.py"),
        ("app/a.py > app/b.py", "app/x.py > app/b.py", "never rendered: app/x.py"),
        ("# a comment", "app/d.py > app/one.py", "still rendered: app/d.py"),
        ("# a comment", "CHANGELOG.md > app/one.py", "a seed: CHANGELOG.md"),
        ("# a comment", "docs/gone.md > app/b.py", "given up: docs/gone.md"),
        ("# a comment", "app/a.py > app/b.py", "twice: app/a.py > app/b.py"),
        ("# a comment", "app.d:D > app.b:MAX", "two new names: app.d:D"),
        ("app.a:A >", "app.a:X >", "was not defined: app.a:X"),
        ("> app.b:Aa", "> app.b:X", "is not defined: app.b:X"),
        ("# a comment", "app.b:b > app.bb:b", "follows from its file: app.b:b"),
        ("app.c:two > app.two:two\n", "", "is in another part: app.c:two > app.two:two"),
    ],
)
def test_a_fault_in_the_list_is_reported(before: str, now: str, fault: str) -> None:
    text = SMALL_LIST.replace(before, now)

    assert text != SMALL_LIST
    assert fault in list(faults(text, SMALL_OLD, SMALL_NEW, ["docs/gone.md"]))

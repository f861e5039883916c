"""An update over renamed files, in a small template, keeps the user's edits.

The same edits, in all kinds of files, are updated in three ways; each test checks one of them.
"""

import ast
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import small_template
from tests.projects import commit, start
from tests.releases import save
from tests.rendering import git, read_tree
from tests.small_template import NEW, OLD, run_copier, write

ADDED = {
    "app/mine.py": '''"""Ours."""

from app.drain import say_goodbye
from app.hub import LIMIT, Hub
from app.limiter import local
from app.plain import Kept
from app.tools import (
    add,  # numbers
    shout,
)


def mine(hub: "Hub", other: Hub) -> str:
    """Use them."""
    assert local.LocalLimiter and Kept
    return say_goodbye(shout(str(add(LIMIT, len(other.connections)))))
''',
    "app/limiter/ours.py": "OURS = 1\n",
    "app/uses_ours.py": "from app.limiter import ours\n\nOURS = ours.OURS\n",
    "app/contested.py": "OUR_OWN = 1\n",
    "app/latin.py": "# -*- coding: utf-8 -*-\nNAME = 'app.hub'\n",
    "tests/test_mine.py": 'PATCHED = "app.limiter.local.LocalLimiter.hit"\n',
    "notes.md": "Nothing.\n\nSee `app/hub.py`, and app.drain.say_goodbye.\n",
}
EDITED = {
    # Next to a line with a new name.
    "app/hub.py": ("append(name)", "append(name.lower())"),
    "app/drain.py": ('greeting = "Goodbye"', 'greeting = "Bye"'),
    "app/listener.py": ('    """Refuse."""\n', '    """Refuse."""\n    # Ours: at once.\n'),
    "app/first.py": ("first 2", "our first"),
    "app/second.py": ("second 2", "our second"),
    "app/fifth.py": ("fifth 1", "our fifth"),
    "app/clash.py": ("clash 4", "our clash"),
    "app/occupied.py": ("occupied 2", "our occupation"),
    "app/main.py": ('    """Run it."""\n', '    """Run it."""\n    assert Hub\n'),
    "docs/hub.md": ("connections.", "connections, all of them."),
    "logo.bin": ("logo", "our logo"),
    "greeting.txt": ("world", "our world"),
}
# Copier cannot know which of its arguments the script needs: the ways in which it is called.
WAYS = {
    "inline": [],
    "rej": ["--conflict", "rej"],
    "monorepo": ["--answers-file", "other.yml", "--data", "extra=true"],
}


@dataclass
class Result:
    """A project after the update, and what was printed."""

    project: Path
    output: str
    options: list[str]

    def read(self, name: str) -> str:
        return (self.project / name).read_text()

    def has(self, name: str) -> bool:
        return (self.project / name).exists()

    def line(self, name: str) -> str:
        """Return the printed line about a file."""
        return "\n".join(line for line in self.output.splitlines() if line.startswith(f"{name}:"))

    def marks(self) -> dict[str, str]:
        """Return the marks of `git status`, by path."""
        command = ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "."]
        lines = git(self.project, *command).split("\0")
        prefix = git(self.project, "rev-parse", "--show-prefix").rstrip("\n")
        return {line[3:].removeprefix(prefix): line[:2] for line in lines if line}


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode()
    assert text.count(old) == 1, path
    path.write_bytes(text.replace(old, new).encode())


def edit(project: Path) -> None:
    """Do to a project of 1.0.0 what users do."""
    for name, (old, new) in EDITED.items():
        replace(project / name, old, new)
    replace(project / "app/tools.py", "loud = text.upper()", "loud = text.upper() + '!'")
    replace(project / "app/tools.py", "total = one + two", "total = two + one")
    write(project, ADDED)
    (project / "app/dropped.py").unlink()
    (project / "app/relocated.py").rename(project / "app/elsewhere.py")
    replace(project / "app/elsewhere.py", "relocated 2", "our place")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small template."""
    return small_template.make(tmp_path_factory.mktemp("small") / "template")


@pytest.fixture(scope="module", params=WAYS)
def result(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Result:
    """Return an edited project of 1.0.0 after the update to 2.0.0."""
    options, folder = WAYS[request.param], tmp_path_factory.mktemp("result")
    if request.param != "monorepo":
        project = make(template, folder / "project")
    else:
        project = folder / "repository/services/one of them"
        make(template, project, answers_file="other.yml")
        shutil.rmtree(project / ".git")
        (folder / "repository/README.md").write_text("All services, app/hub.py too.\n")
        start(folder / "repository")
    done = run_copier(project, "update", "--trust", *options)
    assert done.returncode == 0, done.stderr
    return Result(project, done.stdout, options)


def make(template: Path, project: Path, **options: str) -> Path:
    """Return an edited project of 1.0.0."""
    small_template.copy(template, project, "1.0.0", **options)
    edit(project)
    commit(project)
    return project


def test_an_edit_arrives_in_the_file_with_the_new_name(result: Result) -> None:
    expected = NEW["app/manager.py"].replace(*EDITED["app/hub.py"])

    assert result.read("app/manager.py") == expected
    assert result.line("app/manager.py") == "app/manager.py: your changes to app/hub.py"
    assert not result.has("app/hub.py")


def test_edits_to_two_files_arrive_in_the_merged_file(result: Result) -> None:
    expected = NEW["app/shutdown.py"].replace("Goodbye", "Bye")
    expected = expected.replace('"""Refuse."""\n', '"""Refuse."""\n    # Ours: at once.\n')

    assert result.read("app/shutdown.py") == expected
    assert result.line("app/shutdown.py").endswith("app/drain.py and app/listener.py")


def test_edits_to_a_file_that_was_split_arrive_in_the_part_they_belong_to(result: Result) -> None:
    texts, numbers = NEW["app/texts.py"], NEW["app/numbers.py"]

    assert result.read("app/texts.py") == texts.replace("text.upper()", "text.upper() + '!'")
    assert result.read("app/numbers.py") == numbers.replace("one + two", "two + one")


def test_a_path_may_be_the_old_one_of_another_file(result: Result) -> None:
    second, third = NEW["app/second.py"], NEW["app/third.py"]

    assert result.read("app/second.py") == second.replace("first 2", "our first")
    assert result.read("app/third.py") == third.replace("second 2", "our second")
    assert result.read("app/fifth.py") == NEW["app/fifth.py"]
    assert result.read("app/sixth.py") == NEW["app/sixth.py"].replace("fifth 1", "our fifth")


def test_documents_are_merged_too(result: Result) -> None:
    expected = NEW["docs/manager.md"].replace("connections.", "connections, all of them.")

    assert result.read("docs/manager.md") == expected


def test_a_line_that_both_changed_is_a_conflict_in_the_index(result: Result) -> None:
    assert result.marks()["app/crash.py"] == "UU"
    assert "<<<<<<< before updating\n" in result.read("app/crash.py")
    stages = [
        git(result.project, "show", f":{number}:./app/crash.py").splitlines()[3]
        for number in (1, 2, 3)
    ]
    assert stages == [
        'clash_4 = "clash 4"',
        'clash_4 = "our clash"',
        'clash_4 = "clash of the template"',
    ]
    assert "with conflicts" in result.line("app/crash.py")


def test_nothing_else_is_left_unmerged(result: Result) -> None:
    undone = {name for name, mark in result.marks().items() if "U" in mark}
    undone |= {path.name for path in result.project.rglob("*.rej")}
    # Copier's own: the user has a file of that name.
    contested = "contested.py.rej" if "rej" in result.options else "app/contested.py"

    assert undone == {"app/crash.py", contested}


def test_a_module_of_the_users_is_given_the_new_names(result: Result) -> None:
    assert (
        result.read("app/mine.py")
        == '''"""Ours."""

from app.shutdown import run_callbacks
from app.manager import MAX_CONNECTIONS, ConnectionManager
from app.quota import local
from app.texts import Moved
# numbers
from app.numbers import add
from app.texts import shout


def mine(hub: "Hub", other: ConnectionManager) -> str:
    """Use them."""
    assert local.LocalQuota and Moved
    return run_callbacks(shout(str(add(MAX_CONNECTIONS, len(other.connections)))))
'''
    )


def test_a_name_in_a_string_and_in_other_files_is_reported(result: Result) -> None:
    assert result.line("app/mine.py").splitlines() == [
        "app/mine.py: new names",
        'app/mine.py:12: old name in def mine(hub: "Hub", other: ConnectionManager) -> str:',
    ]
    assert result.line("notes.md") == (
        "notes.md:3: old name in See `app/hub.py`, and app.drain.say_goodbye."
    )
    assert result.read("notes.md") == ADDED["notes.md"]


def test_a_dotted_name_is_new_wherever_it_stands(result: Result) -> None:
    assert result.read("tests/test_mine.py") == 'PATCHED = "app.quota.local.LocalQuota.hit"\n'
    assert "'app.manager'" in result.read("app/latin.py")


def test_a_module_that_the_user_added_to_a_renamed_package_stays(result: Result) -> None:
    assert result.read("app/limiter/ours.py") == ADDED["app/limiter/ours.py"]
    assert result.read("app/uses_ours.py") == ADDED["app/uses_ours.py"]
    assert result.line("app/uses_ours.py") == ""


def test_a_file_that_kept_its_path_is_merged_with_the_new_names(result: Result) -> None:
    expected = NEW["app/main.py"].replace('"""Run it."""\n', '"""Run it."""\n    assert Hub\n')

    assert result.read("app/main.py") == expected.replace("assert Hub", "assert ConnectionManager")
    assert result.read("app/wired.py") == NEW["app/wired.py"]
    assert result.read("greeting.txt") == "hello\nour world\nall\nof it\n"


def test_a_seed_keeps_its_content_but_for_the_names(result: Result) -> None:
    assert result.read("seed.py") == NEW["seed.py"].replace("MORE = 1\n", "")


def test_a_file_that_the_user_had_deleted_does_not_come_back(result: Result) -> None:
    assert not result.has("app/given_up.py")
    assert "you had deleted app/dropped.py" in result.line("app/given_up.py")


def test_a_file_that_the_user_had_moved_to_the_same_place_is_merged(result: Result) -> None:
    expected = NEW["app/elsewhere.py"].replace("relocated 2", "our place")

    assert result.read("app/elsewhere.py") == expected
    assert not result.has("app/relocated.py")


def test_a_path_that_the_user_has_taken_is_left_to_the_user(result: Result) -> None:
    old, (before, after) = OLD["app/occupied.py"], EDITED["app/occupied.py"]

    assert result.read("app/occupied.py") == old.replace(before, after)
    rejected = result.has("app/contested.py.rej")
    assert "OUR_OWN = 1\n" in result.read(f"app/contested.py{'.rej' if rejected else ''}")
    assert "merge it into app/contested.py by hand" in result.line("app/occupied.py")


def test_a_binary_file_is_put_back(result: Result) -> None:
    assert result.read("logo.bin") == "\0our logo\n"
    assert result.read("static/logo.bin") == NEW["static/logo.bin"]
    assert "merge it into static/logo.bin by hand" in result.line("logo.bin")


def test_every_python_file_can_be_read(result: Result) -> None:
    files = [path for path in result.project.rglob("*.py") if path.name != "crash.py"]

    assert len(files) > 15
    for path in files:
        if path.name != "contested.py":
            ast.parse(path.read_text())


@pytest.mark.parametrize("result", ["inline"], indirect=True)
def test_a_second_try_after_a_reset_has_the_same_result(result: Result) -> None:
    before = read_tree(result.project)
    git(result.project, "reset", "--hard", "--quiet")
    git(result.project, "clean", "--force", "-d", "--quiet")

    again = run_copier(result.project, "update", "--trust")

    assert read_tree(result.project) == before
    assert again.stdout == result.output


@pytest.mark.parametrize("answers", [{"extra": "true", "greeting": "Servus"}, {}])
def test_a_project_without_edits_equals_a_fresh_copy(
    template: Path, tmp_path: Path, answers: dict[str, str]
) -> None:
    project = small_template.copy(template, tmp_path / "project", "1.0.0")
    given = [word for key, value in answers.items() for word in ("--data", f"{key}={value}")]
    done = run_copier(project, "update", "--trust", *given)
    copied = small_template.copy(template, tmp_path / "copied", "2.0.0", data=answers)

    assert (done.returncode, done.stdout) == (0, "seed.py: new names\n")
    assert {**read_tree(project), "seed.py": ""} == {**read_tree(copied), "seed.py": ""}


FAULTS = [
    ("v2_0_0.txt", "app/drain.py > app/shutdown.py\n", "", "app/shutdown.py"),
    ("v2_0_0.py", "self._renamed(self.base, old, old)", "read(self.base, old)", "app/manager.py"),
    ("v2_0_0.py", "ours = self._part(target, old, ours, base)", "pass", "app/texts.py"),
    ("v2_0_0.py", "is_mixed = had and", "is_mixed = not had and", "app/fifth.py"),
    ("v2_0_0.py", "unmoved = []", "unmoved = [target]", "app/fifth.py"),
    ("v2_0_0.py", "is_taken = has and not had", "is_taken = False", "app/contested.py"),
    ("v2_0_0.py", "if now == ours:", "if False:", "seed.py"),
    ("versions.py", "read(self.ours, path) != read(self.base, path)", "False", "app/main.py"),
    ("renaming.py", "if self.stays(whole):", "if False:", "app/uses_ours.py"),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("script", "old", "new", "harmed"), FAULTS)
def test_a_mutation_of_the_scripts_is_reported(
    template: Path, tmp_path: Path, script: str, old: str, new: str, harmed: str
) -> None:
    faulty = Path(shutil.copytree(template, tmp_path / "template"))
    replace(faulty / "hooks/migrations" / script, old, new)
    git(faulty, "tag", "--delete", "2.0.0")
    save(faulty, "2.0.0")
    found = []

    for source in (template, faulty):
        project = make(source, tmp_path / f"project of {source.parent.name}")
        done = run_copier(project, "update", "--trust")
        found.append((done.returncode, read_tree(project).get(harmed)))

    assert found[0][0] == 0
    assert found[0] != found[1]

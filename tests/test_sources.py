"""The rules that keep template/ readable: plain Python, few seams, small modules."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pathspec import GitIgnoreSpec

from tests import questions
from tests.code_lines import code_lines
from tests.conftest import Render
from tests.rendering import working_tree

SEAMS = {
    "app/features.py.jinja",
    "app/api/example.py.jinja",
    "app/api/router.py.jinja",
    "app/auth/permissions.py.jinja",
    "app/core/state.py.jinja",
    "app/schemas/api_key.py.jinja",
    "app/schemas/user.py.jinja",
    "migrations/versions/0001_initial.py.jinja",
}
# Written by Copier for Copier: it filters the answers, which takes more than a bare name.
ANSWERS_FILE = "{{_copier_conf.answers_file}}.jinja"
OWNERS = [name for name in questions.exclusions() if not name.startswith("_")]
LINE_BUDGETS = {"minimal": 2876, "standard": 5517, "full": 10629}
# Python files below app/ that are not empty.
MODULE_BUDGETS = {"minimal": 54, "standard": 93, "full": 189}
# What a toggle adds to `full`. The goals are 350 and 250: docs/decisions/lines-of-code.md.
TOGGLE_BUDGETS = {"permissions": 316, "api_keys": 250}
# The modules of accounts, of which the same page counts the life cycle.
ACCOUNT_BUDGET = 1800
ACCOUNT_MODULES = (
    "api/auth.py",
    "api/oauth2.py",
    "api/v1/endpoints/auth.py",
    "api/v1/endpoints/registration.py",
    "api/v1/endpoints/users.py",
    "auth/feature.py",
    "auth/passwords.py",
    "auth/settings.py",
    "auth/tokens.py",
    "auth/toolkit.py",
    "models/auth.py",
    "models/user.py",
    "repositories/auth.py",
    "repositories/one_time_token.py",
    "repositories/user.py",
    "schemas/auth.py",
    "schemas/user.py",
    "services/account.py",
    "services/auth.py",
    "services/caller.py",
    "services/password.py",
    "services/user.py",
)

# What accesses the state of the app, and the name whose type app/core/state.py gives it.
STATE_ACCESS = {
    r"(?<![.\w`])app\.state\.|self\.app\.state\.": "FastAPI",
    r"request\.app\.state": "Request",
    r"scope\.app\.state|scope\[.app.\]\.state|websocket\.app\.state": "(?!)",
}
OWN = "from app.core.state import .*"
STATEMENT = re.compile(r"{%.*?%}|{#", re.DOTALL)
CONDITIONS = questions.conditions()
COPIED_JINJA = re.compile(
    r"{% (?:if|endif)|(?<!\$){{ ?(?:" + "|".join(questions.questions()) + r")\b"
)
ALLOWED_LINE = re.compile(r"{% (?:if (?P<name>\w+)|endif) %}")
REGISTRIES = ("docker", "npmjs", "pypi", "pythonhosted")
HOSTS = "|".join(rf"{name}\.(?:com|io|org)" for name in REGISTRIES)
# Deliberate: the words that a test below looks for in every other file. None of them marks
# unfinished work here.
FORBIDDEN = re.compile(rf"\b(?:TODO|FIXME|XXX|HACK)\b|index-url|{HOSTS}")  # deliberate: see above

# Deliberate, like the words above: those that a test below looks for, because FastAPI, SQLAlchemy,
# Celery and Redis have a usual term for each. In snake_case too.
DIALECT = re.compile(
    r"(?<![a-z])(?:(?:any|every|no|some)body|(?:any|every|some)one|whoever|farewells?"
    r"|forgets?|forgetting|forgot|forgotten|tells?|telling|told|hears?|hearing|heard"
    r"|patience|patient|mend(?:s|ed|ing)?|beside|upkeep|bury|buries|buried|seat(?:s|ed)?"
    r"|plant(?:s|ed|ing)?|notic(?:ed|ing)|drills?|truths?|surveys?|latecomers?)(?![a-z])",
    re.IGNORECASE,
)
# Names that stay, and the paths where they do: of a user, of API paths and settings, of old code.
DIALECT_NAMES = {
    'pwd.getpwnam("nobody")': "template/dev/unprivileged.py",
    " nobody nogroup": "config/",
    "password/forgot": "template/",
    "forgot_password": "template/",
    "FORGOT": "template/tests/auth/",
    "test_forgotten_password.py": "template/tests/auth/",
    "forgotten password": "template/app/services/password.py",
    '"anybody"': "template/",
    "`anybody`": "template/",
    "JOB_PATIENCE_SECONDS": "template/",
    "job_patience_seconds": "template/app/workers/",
    "test_seats.py": "tests/test_crossing_service.py",
    '"say_farewell"': "tests/test_crossing_service.py",
}
# Old names, generated names, and the rules themselves.
DIALECT_ALLOWED = {
    *("CHANGELOG.md", "hooks/migrations/v2_0_0.txt", "tests/releases.toml"),
    *("tests/kill_map.toml", "tests/test_sources.py"),
}


@cache
def sources() -> tuple[str, ...]:
    """Return the paths under template/."""
    names = (name.partition("template/") for name in working_tree())
    return tuple(rest for before, found, rest in names if found and not before)


def texts() -> list[str]:
    """Return the paths in this repository, but for pictures."""
    return [name for name in working_tree() if not name.endswith(".png")]


def text(name: str) -> str:
    return (questions.ROOT / "template" / name).read_text()


def output(name: str) -> str:
    return name.removesuffix(".jinja")


def conditional() -> list[str]:
    return [name for name in sources() if name.endswith(".jinja") and name != ANSWERS_FILE]


def python() -> list[str]:
    return [name for name in sources() if output(name).endswith(".py")]


def plain_python() -> list[str]:
    return [name for name in sources() if name.endswith(".py")]


def functions(name: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text(name))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_the_template_is_found() -> None:
    assert len(plain_python()) > 20
    assert set(sources()) >= SEAMS | {ANSWERS_FILE, "pyproject.toml.jinja"}


def test_jinja_in_python_keeps_to_the_seams() -> None:
    assert {name for name in python() if name.endswith(".jinja")} == SEAMS


def test_the_rules_list_the_seams() -> None:
    page = (questions.ROOT / "AGENTS.md").read_text()

    seams = [output(name) for name in SEAMS if name.startswith("app/")]

    assert [name for name in seams if f"`{name}`" not in page] == []


def test_nearly_all_python_is_plain() -> None:
    assert len(plain_python()) / len(python()) >= 0.94


def mistakes(name: str) -> Iterator[str]:
    """Yield the lines of a template with a statement that is not allowed."""
    depth = 0
    for number, line in enumerate(text(name).splitlines(), start=1):
        if not STATEMENT.search(line):
            continue
        found = ALLOWED_LINE.fullmatch(line.strip())
        depth += 0 if not found else 1 if found["name"] else -1
        if not found or depth not in (0, 1) or found["name"] not in {None, *CONDITIONS}:
            yield f"{name}:{number}: {line.strip()}"


def test_a_condition_is_one_bare_name_on_a_line_of_its_own_and_never_nested() -> None:
    assert [mistake for name in conditional() for mistake in mistakes(name)] == []


def test_no_jinja_hides_in_a_file_that_is_copied_as_it_is() -> None:
    plain = [name for name in sources() if not name.endswith((".jinja", ".html", ".txt"))]

    assert [name for name in plain if COPIED_JINJA.search(text(name))] == []


def test_white_space_is_left_to_the_settings_of_copier() -> None:
    assert [name for name in sources() if re.search("{%-|-%}|{{-|-}}", text(name))] == []


def test_every_setting_has_a_comment_of_its_own() -> None:
    """`just reference` of a service shows it as the description."""
    lines = [line for line in text(".env.example.jinja").splitlines() if not line.startswith("{%")]
    pairs = zip(["", *lines], lines, strict=False)

    assert [line for above, line in pairs if line[:1].isupper() and above[:1] != "#"] == []


def test_a_seam_prints_no_answer() -> None:
    assert [name for name in sorted(SEAMS) if "{{" in text(name)] == []


@pytest.mark.parametrize("toggle", questions.toggles())
def test_a_toggle_is_named_in_few_files(toggle: str) -> None:
    naming = {name for name in conditional() if f"{{% if {toggle} %}}" in text(name)}
    few = naming - {"README.md.jinja", "docs/extending.md.jinja"}  # the pages of all features

    assert naming
    assert len(few) <= 7, few


def test_no_template_and_plain_file_have_the_same_name() -> None:
    assert [name for name in sources() if f"{name}.jinja" in sources()] == []


def test_no_path_is_a_file_in_one_variant_and_a_folder_in_another() -> None:
    files = {output(name) for name in sources()}
    folders = {str(parent) for name in files for parent in Path(name).parents}

    assert files & folders == set()


def test_no_path_is_one_that_copier_cannot_delete() -> None:
    parts = {part for name in sources() for part in Path(name).parts}

    assert parts.isdisjoint({"tags", "RCS", "CVS"})
    assert [name for name in sources() if (questions.ROOT / "template" / name).is_symlink()] == []


@pytest.mark.parametrize("condition", [*OWNERS, "_copier_operation"])
def test_every_path_a_toggle_owns_exists(condition: str) -> None:
    outputs = [output(name) for name in sources()]
    unused = [
        pattern
        for pattern in questions.exclusions()[condition]
        if not any(GitIgnoreSpec.from_lines([pattern]).match_files(outputs))
    ]

    assert unused == []


def test_every_exclusion_can_be_read_with_the_answers_of_an_older_version() -> None:
    heads = [entry.splitlines()[0] for entry in questions.config()["_exclude"]]
    conditional_heads = [head for head in heads if "{%" in head and "_copier_operation" not in head]

    assert len(conditional_heads) == len(OWNERS) >= 4
    for head in conditional_heads:
        assert re.fullmatch(r"{% if \w+ is false %}", head), head


@pytest.mark.parametrize("condition", OWNERS)
def test_a_folder_is_excluded_whole_or_not_at_all(condition: str) -> None:
    """A pattern that ends in a slash would leave an empty folder."""
    patterns = questions.exclusions()[condition]
    spec = GitIgnoreSpec.from_lines(patterns)
    inside: dict[Path, list[str]] = {}
    for name in map(output, sources()):
        for folder in list(Path(name).parents)[:-1]:
            inside.setdefault(folder, []).append(name)
    excluded = set(spec.match_files(map(output, sources())))
    emptied = [
        folder
        for folder, names in inside.items()
        if excluded.issuperset(names) and not spec.match_file(str(folder))
    ]

    assert [pattern for pattern in patterns if pattern.endswith("/")] == []
    assert emptied == []


def test_a_module_is_short_and_so_are_its_functions() -> None:
    long = [name for name in plain_python() if len(text(name).splitlines()) > 200]
    long += [where for name in plain_python() for where, lines in functions(name) if lines > 25]
    # It has two lines for each filter of the resource with every kind of field.
    blueprint = "dev/resource/blueprint/repository.py"

    assert [one for one in long if not one.startswith(blueprint)] == []


def test_most_modules_and_functions_are_shorter_still() -> None:
    """The median of modules rises when those that are read together become one."""
    app = [name for name in plain_python() if name.startswith("app/")]

    assert median(len(text(name).splitlines()) for name in app) <= 80
    assert median(lines for name in app for _, lines in functions(name)) <= 10


@pytest.mark.parametrize(("preset", "budget"), LINE_BUDGETS.items())
def test_what_a_user_inherits_is_within_its_budget(
    render: Render, preset: str, budget: int
) -> None:
    project = render(preset=preset)
    modules = [path for path in (project / "app").rglob("*.py") if path.stat().st_size]

    assert 300 < app_lines(project) <= budget
    assert 30 < len(modules) <= MODULE_BUDGETS[preset]


def app_lines(project: Path) -> int:
    return sum(code_lines(path.read_text()) for path in (project / "app").rglob("*.py"))


@pytest.mark.parametrize(("toggle", "budget"), TOGGLE_BUDGETS.items())
def test_what_a_toggle_of_accounts_adds_is_within_its_budget(
    render: Render, toggle: str, budget: int
) -> None:
    added = app_lines(render(preset="full")) - app_lines(render(preset="full", **{toggle: False}))

    assert 100 < added <= budget


def test_the_modules_of_accounts_are_within_their_budget(render: Render) -> None:
    app = render(preset="full", permissions=False) / "app"
    lines = sum(code_lines((app / name).read_text()) for name in ACCOUNT_MODULES)

    assert 1000 < lines <= ACCOUNT_BUDGET


def test_app_state_is_accessed_through_its_type() -> None:
    """FastAPI's own classes leave the attributes of `app.state` unchecked."""
    found = [
        name
        for name in python()
        if name.startswith("app/") and name != "app/core/state.py.jinja"
        for pattern, owner in STATE_ACCESS.items()
        if re.search(pattern, text(name)) and not re.search(rf"{OWN}{owner}\b", text(name))
    ]

    assert found == []


def test_nothing_is_left_unfinished_or_tied_to_a_registry() -> None:
    """Not in the tests, which contain the words as patterns."""
    names = [name for name in texts() if not name.startswith("tests/")]
    found = [name for name in names if FORBIDDEN.search((questions.ROOT / name).read_text())]

    assert found == []


def with_path(name: str) -> str:
    return f"{name}\n{(questions.ROOT / name).read_text()}"


def test_no_file_is_a_leftover_of_a_merge() -> None:
    assert [name for name in working_tree() if name.endswith((".orig", ".rej", "~"))] == []


def test_names_and_texts_use_the_terms_of_the_field() -> None:
    found = []
    for name in sorted(set(texts()) - DIALECT_ALLOWED):
        content = with_path(name)
        for allowed, where in DIALECT_NAMES.items():
            content = content.replace(allowed, "") if name.startswith(where) else content
        found += [f"{name}: {word}" for word in DIALECT.findall(content)]

    assert found == []


@pytest.mark.parametrize(("allowed", "where"), DIALECT_NAMES.items())
def test_every_name_that_stays_still_exists(allowed: str, where: str) -> None:
    names = [name for name in working_tree() if name.startswith(where)]

    assert DIALECT.search(allowed)
    assert [name for name in names if allowed in with_path(name)] != []


def feature_calls() -> Iterator[dict[str, Any]]:
    """Yield the literal arguments of each `Feature(...)` in the template."""
    for name in plain_python():
        if not name.startswith("app/"):
            continue
        for node in ast.walk(ast.parse(text(name))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Feature":
                given = {word.arg or "": word.value for word in node.keywords}
                literal = {key: given[key] for key in ("name", "after") if key in given}
                yield {key: ast.literal_eval(value) for key, value in literal.items()}


def test_a_feature_names_only_features_that_exist_as_those_before_it() -> None:
    features = list(feature_calls())
    known = {each["name"] for each in features}
    named = {name for each in features for name in each.get("after", ())}

    assert len(known) > 10
    assert len(named) > 5
    assert named - known == set()

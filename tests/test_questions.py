"""Validators and defaults of the questions, and answers on the command line."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import suppress
from itertools import cycle, product
from pathlib import Path
from typing import Any
from unicodedata import normalize

import copier
import pytest
import uv
import yaml
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pytest_copie.plugin import Copie

from tests import questions
from tests.conftest import Render
from tests.static_checks.answers import ENVIRONMENT, value

GOOD = {
    "project_name": ["Order Desk", "R&D (north), v2", "Café 24/7", "A", 'It\'s "a" \\ <b>'],
    "project_slug": ["order-desk", "a", "v2-api"],
    "description": ["Takes orders, and it's quick: 100% of them", "Größe {x}", 'a "b" \\ `c` $D'],
    "author_name": ["Ada O'Brien", "Söhne & Co.", "山田 太郎", 'Ada "Countess" <script>'],
    "author_email": [
        *("ada@example.com", "a.b+c@mail.example.co.uk", "Ada@EXAMPLE.com", "a@xn--bcher-kva.de"),
        *("a.bc--d@a-b.io", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.com"),
    ],
}
BAD = {
    "project_name": ["", "  ", " a", "a\nb", "{{ x }}", "{% raw %}", "x" * 61, "a\u200bb"],
    "project_slug": ["", "Order", "2fast", "a_b", "a--b", "-a", "a-", "a b", "x" * 41, "app"],
    "description": ["", "two\nlines", "{% raw %}", "{{ x }}", "x" * 201],
    "author_name": ["", "a\nb", "{# x #}", "x" * 101],
    "author_email": [
        *("", "ada", "ada@localhost", "a b@example.com", "a@b.c\n", "ada..b@example.com"),
        *("ada.@example.com", ".ada@example.com", "ada@-x.com", "ada@x-.com", "dev@corp.local"),
        *("dev@Corp.TEST", "a@b.invalid", "a@b.onion", "a@b.arpa", "a@b.1", "a@ab--c.com"),
        *(f"{'a' * 65}@b.com", f"a@{'b' * 64}.com", "\u212a@example.com"),
        f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 58}.com",
    ],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, values in table.items() for value in values]


def run_copier(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `copier copy` without --trust."""
    command = [sys.executable, "-P", "-m", "tests.copier_cli", *arguments]
    # `-P`: not the folder `tests` of a project that it runs in.
    environment = {**os.environ, "PYTHONPATH": str(questions.ROOT)}
    return subprocess.run(
        command, cwd=cwd, env=environment, check=False, capture_output=True, text=True
    )


def answers_of(project: Path) -> dict[str, Any]:
    return yaml.safe_load((project / ".copier-answers.yml").read_text())


def test_every_free_text_has_valid_and_invalid_examples() -> None:
    free = [name for name, asked in questions.asked().items() if set(asked) & {"choices"} == set()]

    assert sorted(GOOD) == sorted(set(free) - set(questions.toggles())) == sorted(BAD)


@pytest.mark.parametrize(("name", "value"), cases(GOOD))
def test_a_valid_answer_is_accepted_and_recorded(
    source: Path, tmp_path: Path, name: str, value: str
) -> None:
    copier.run_copy(str(source), tmp_path, data={name: value}, defaults=True, quiet=True)

    assert answers_of(tmp_path)[name] == value


@pytest.mark.parametrize(("name", "value"), cases(BAD))
def test_an_invalid_answer_is_refused_with_a_hint(
    source: Path, tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(ValueError, match=f"'{name}': .*[a-z].{{15}}") as refusal:
        copier.run_copy(str(source), tmp_path, data={name: value}, defaults=True, quiet=True)

    assert "undefined" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_an_address_is_accepted_if_fastapi_accepts_it() -> None:
    """Another one breaks the API document, where the author is the contact."""
    validator = ENVIRONMENT.from_string(questions.questions()["author_email"]["validator"])
    labels = ["a", "a-b", "-a", "a-", "a--b", "ab--c", "1", "", "a_b", "x" * 63, "x" * 64]
    ends = ["com", "c", "c0", "0c", "-c", "c-", "ab--c", "x" * 64, *SPECIAL_USE_DOMAIN_NAMES]
    domains = [f"{label}.{end}" for label, end in product(labels, [*ends, "a.com", "-.com"])]
    parts = ["a", ".a", "a.", "a..b", "a.b", "a%b+c_d-", "a b", "a@b", "", "x" * 64, "x" * 65]
    addresses = [f"{part}@{domain}" for part, domain in product(parts, domains)]

    accepted = {one for one in addresses if not validator.render(author_email=one).strip()}

    assert len(accepted) > 50
    assert accepted == {one for one in addresses if fastapi_accepts(one)}


def fastapi_accepts(address: str) -> bool:
    """Return whether FastAPI accepts an address, and any mail server its length."""
    with suppress(EmailNotValidError):
        return bool(validate_email(address, check_deliverability=False, strict=True))
    return False


def test_a_name_in_another_alphabet_asks_for_a_slug(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--data project_slug="):
        copier.run_copy(str(source), tmp_path, data={"project_name": "注文"}, defaults=True)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Order Desk", "order-desk"),
        ("R&D (north), v2", "r-d-north-v2"),
        ("24 Hours", "hours"),
        ("Größe", "groesse"),
        (normalize("NFD", "Straße über Łódź"), "strasse-ueber-lodz"),
        ("Đặt hàng", "dat-hang"),
        ("İstanbul, œuvre", "istanbul-oeuvre"),
        ("Name " * 10 + "Name", "name-name-name-name-name-name-name-name"),
    ],
)
def test_the_slug_follows_from_the_name(render: Render, name: str, slug: str) -> None:
    assert answers_of(render(project_name=name))["project_slug"] == slug


def test_no_package_that_is_installed_can_be_the_projects_own_name(
    render: Render, tmp_path: Path
) -> None:
    """A project with the name of an indirect dependency cannot be locked either."""
    refusal = questions.questions()["project_slug"]["validator"]
    databases = cycle(questions.choices("database"))
    needed: set[str] = set()
    for server, database in zip(questions.choices("server"), databases, strict=False):
        rendered = render(preset="full", server=server, database=database)
        project = Path(shutil.copytree(rendered, tmp_path / server))
        subprocess.run([uv.find_uv_bin(), "lock", "--quiet"], cwd=project, check=True)
        lock = tomllib.loads((project / "uv.lock").read_text())
        needed |= {package["name"] for package in lock["package"]} - {"my-service"}

    assert len(needed) > 100
    assert [name for name in sorted(needed) if f"'{name}'" not in refusal] == []


@pytest.mark.parametrize("slug", ["vine", "click", "rich", "anyio", "httpx", "tests"])
def test_a_name_that_is_taken_is_refused_with_a_suggestion(
    source: Path, tmp_path: Path, slug: str
) -> None:
    with pytest.raises(ValueError, match=f'such as "{slug}-service"'):
        copier.run_copy(
            str(source), tmp_path, data={"project_slug": slug}, defaults=True, quiet=True
        )


def test_a_long_name_has_its_own_system_user(render: Render) -> None:
    slugs = ["a" * 31, "a" * 32, "a" * 40, "a" * 39 + "b", "order-desk"]
    projects = [render(preset="full", project_slug=slug) for slug in slugs]

    units = [(at / "deploy/systemd/hardening.conf").read_text() for at in projects]
    users = [re.findall(r"^User=(.*)$", unit, re.MULTILINE) for unit in units]
    assert (users[0], users[-1]) == (["a" * 31], ["order-desk"])
    assert len({user for [user] in users}) == len(slugs)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,30}", user) for [user] in users)


@pytest.mark.parametrize(
    "slug", ["root", "news", "mail", "daemon", "www-data", "postgres", "sshd", "users", "video"]
)
def test_no_account_or_group_of_the_host_is_the_system_user(slug: str) -> None:
    """systemd takes an existing account in place of a new one, and refuses the name of a group."""
    assert value("system_user", {"project_slug": slug}) == f"{slug}-service"


def test_the_defaults_are_the_standard_service(copie: Copie, source: Path) -> None:
    result = copie.copy(template_dir=source)

    assert result.exception is None
    assert result.answers["preset"] == "standard"
    assert result.answers["auth"] is True
    assert result.answers["database"] == "postgresql"
    assert result.answers["python_version"] == "3.11"


@pytest.mark.parametrize("preset", questions.presets())
def test_a_preset_switches_on_its_features_and_no_other(
    copie: Copie, source: Path, preset: str
) -> None:
    result = copie.copy({"preset": preset}, template_dir=source)

    on = [name for name in questions.toggles() if result.answers[name]]
    assert result.exception is None
    assert on == questions.preset_features(preset)


def test_a_larger_preset_keeps_what_the_smaller_one_had() -> None:
    minimal, standard, full = map(questions.preset_features, ("minimal", "standard", "full"))

    assert set(minimal) <= set(standard) <= set(full) == set(questions.toggles())


@pytest.mark.parametrize("name", questions.computed())
def test_a_computed_answer_cannot_be_given(source: Path, tmp_path: Path, name: str) -> None:
    given = {name: "[]" if questions.questions()[name]["type"] == "json" else "true"}

    with pytest.raises(ValueError, match=f"'{name}': This follows from .* --data"):
        copier.run_copy(str(source), tmp_path, data=given, defaults=True, quiet=True)


@pytest.mark.parametrize("name", questions.toggles())
def test_a_misspelt_yes_or_no_is_refused(source: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"Say true or false for {name}"):
        copier.run_copy(str(source), tmp_path, data={name: "flase"}, defaults=True, quiet=True)


@pytest.mark.parametrize(("name", "need"), questions.requires().items())
def test_a_toggle_without_the_one_it_needs_is_refused(
    source: Path, tmp_path: Path, name: str, need: str
) -> None:
    given = {name: True, need: False}

    with pytest.raises(ValueError, match=f"{name} needs {need}: pass --data {need}=true"):
        copier.run_copy(str(source), tmp_path, data=given, defaults=True, quiet=True)


@pytest.mark.parametrize(("name", "need"), questions.requires().items())
def test_a_toggle_goes_and_comes_with_the_one_it_needs(
    render: Render, name: str, need: str
) -> None:
    without = answers_of(render(preset="full", **{need: False}))

    assert without[need] is False
    assert name not in without


@pytest.mark.parametrize("name", questions.toggles())
def test_a_toggle_overrides_its_preset_and_is_recorded(render: Render, name: str) -> None:
    switched = name not in questions.preset_features("standard")

    answers = answers_of(render(preset="standard", **{name: switched}))

    assert answers[name] is switched
    assert answers["preset"] == "standard"


@pytest.mark.parametrize("preset", questions.presets())
def test_a_toggle_that_equals_its_preset_is_not_recorded(render: Render, preset: str) -> None:
    features = questions.preset_features(preset)

    answers = answers_of(render(preset=preset, **{n: n in features for n in questions.toggles()}))

    assert answers["preset"] == preset
    assert not answers.keys() & set(questions.toggles())


def test_a_custom_preset_records_every_toggle(render: Render) -> None:
    answers = answers_of(render(preset="custom"))

    assert set(questions.toggles()) <= set(answers)


def test_a_copy_and_its_three_commands_need_no_trust(released: Path, tmp_path: Path) -> None:
    done = run_copier("copy", "--defaults", ".", str(tmp_path / "my service"), cwd=released)

    assert done.returncode == 0, done.stderr
    assert f"cd '{tmp_path}/my service'" in done.stderr
    assert "git init" in done.stderr
    assert "uv run just dev" in done.stderr
    assert "http://127.0.0.1:8000/docs" in done.stderr
    assert "uv run just test " in done.stderr
    assert "uv run just superuser you@example.com" in done.stderr
    assert "uvx copier update --vcs-ref=:current: --data cache=true" in done.stderr
    assert "docs/." in done.stderr
    assert "is no question" not in done.stderr


def test_a_service_without_users_has_no_superuser_to_make(released: Path, tmp_path: Path) -> None:
    done = run_copier(
        "copy", "--defaults", "--data", "auth=false", ".", str(tmp_path / "new"), cwd=released
    )

    assert done.returncode == 0, done.stderr
    assert "superuser" not in done.stderr
    assert "just test" in done.stderr


@pytest.mark.parametrize(
    ("ci", "address", "warned"),
    [
        ("github", "{}", True),
        ("gitlab", "git+file://{}", True),
        ("github", ".", True),
        ("none", "{}", False),
    ],
)
def test_a_copy_warns_of_a_template_that_the_generated_ci_cannot_reach(
    released: Path, tmp_path: Path, ci: str, address: str, warned: bool
) -> None:
    options = ["copy", "--defaults", "--data", "preset=minimal", "--data", f"ci={ci}"]

    done = run_copier(*options, address.format(released), str(tmp_path / "new"), cwd=released)

    assert done.returncode == 0, done.stderr
    assert ("replace _src_path in .copier-answers.yml" in done.stderr) is warned


def test_nothing_requires_trust_in_every_update() -> None:
    assert {"_tasks", "_jinja_extensions"}.isdisjoint(questions.config())
    # One without a version would run in every update.
    assert all("version" in entry for entry in questions.config().get("_migrations", []))


def test_an_unknown_key_on_the_command_line_is_reported(source: Path, tmp_path: Path) -> None:
    data = ["--data", "databse=sqlite", "--data", "auth=false"]

    done = run_copier("copy", "--defaults", *data, str(source), str(tmp_path / "new"), cwd=source)

    assert done.returncode == 0, done.stderr
    assert 'WARNING: "databse" is no question' in done.stderr
    assert '"auth"' not in done.stderr
    assert " auth, author_email," in done.stderr
    assert "The questions: " in done.stderr


def test_a_project_copied_from_a_relative_path_can_be_updated(
    released: Path, tmp_path: Path
) -> None:
    project = tmp_path / "service"

    small = ("--data", "preset=minimal")
    made = run_copier("copy", "--defaults", *small, ".", str(project), cwd=released)
    for command in ("init", "add --all", "commit --quiet --message start"):
        subprocess.run(["git", *command.split()], cwd=project, check=True, capture_output=True)
    updated = run_copier("update", "--defaults", "--data", "auth=true", cwd=project)

    assert made.returncode == updated.returncode == 0, updated.stderr
    assert answers_of(project)["_src_path"] == str(released)
    assert answers_of(project)["auth"] is True
    assert "git diff" in updated.stderr

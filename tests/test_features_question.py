"""The list of features: it is asked with `preset=custom`, and decides the toggles."""

import json
import shutil
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from tests import questions
from tests.conftest import Render
from tests.projects import start
from tests.test_questions import answers_of, run_copier

DOWN, SPACE, ENTER = "\x1b[B", " ", "\r"
GENERAL = {
    name: question["default"]
    for name, question in questions.asked().items()
    if name not in ("preset", "features") and name not in questions.toggles()
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a template of these questions and the answers file alone, with a release."""
    template = tmp_path / "small"
    answers = "{{_copier_conf.answers_file}}.jinja"
    (template / "template").mkdir(parents=True)
    shutil.copy(questions.ROOT / "copier.yml", template)
    shutil.copytree(questions.ROOT / "config", template / "config")
    shutil.copy(questions.ROOT / "template" / answers, template / "template")
    start(template)
    return template


def on(project: Path) -> set[str]:
    """Return the features of a custom project."""
    answers = answers_of(project)
    return {name for name in questions.toggles() if answers[name]}


def press(keys: str, source: Path, project: Path, data: Mapping[str, Any], **options: Any) -> None:
    """Generate or update a project, and answer the list of features by these keys."""
    options |= {"quiet": True, "overwrite": True}
    options["data"] = {**GENERAL, "project_slug": "my-service", "preset": "custom", **data}
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys)
        if (project / ".git").exists():
            copier.run_update(project, **options)
        else:
            copier.run_copy(str(source), project, **options)


def test_every_toggle_is_in_the_list_with_what_it_brings_and_needs() -> None:
    features = questions.features()

    assert list(features) == questions.toggles() == questions.preset_features("full")
    assert all(len(brings) > 10 for brings in features.values())
    needs = {name: brings.partition("(needs ")[2].rstrip(")") for name, brings in features.items()}
    assert {name: need for name, need in needs.items() if need} == questions.requires()


def test_a_toggle_comes_after_the_one_it_needs() -> None:
    order = questions.toggles()

    assert all(order.index(need) < order.index(name) for name, need in questions.requires().items())


def test_enter_takes_what_is_ticked(small: Path, tmp_path: Path) -> None:
    press(ENTER, small, tmp_path / "new", {})

    assert on(tmp_path / "new") == {"auth", "docker", "example"}


def test_the_list_is_ticked_by_hand(small: Path, tmp_path: Path) -> None:
    # With permissions, without the example.
    press(DOWN + SPACE + DOWN * 2 + SPACE + ENTER, small, tmp_path / "new", {})

    assert on(tmp_path / "new") == {"auth", "docker", "permissions"}


def test_a_feature_without_the_one_it_needs_is_refused_in_the_list(
    small: Path, tmp_path: Path
) -> None:
    # Without auth, permissions are refused; with it again, they are accepted.
    keys = SPACE + DOWN + SPACE + ENTER + "\x1b[A" + SPACE + ENTER
    press(keys, small, tmp_path / "new", {})

    assert on(tmp_path / "new") == {"auth", "docker", "example", "permissions"}


def test_the_list_of_an_update_is_ticked_as_the_project_is_and_decides(
    small: Path, tmp_path: Path
) -> None:
    project = tmp_path / "new"
    press(ENTER, small, project, {"cache": True, "docker": False})
    before = on(project)
    start(project)

    press(SPACE + ENTER, small, project, {}, vcs_ref="HEAD")

    assert before == {"auth", "cache", "example"}
    assert on(project) == {"cache", "example"}


def test_an_update_that_skips_what_was_answered_does_not_ask(small: Path, tmp_path: Path) -> None:
    project = tmp_path / "new"
    press(ENTER, small, project, {"cache": True})
    start(project)

    press("", small, project, {"celery": True}, vcs_ref="HEAD", skip_answered=True)

    assert on(project) == {"auth", "cache", "celery", "docker", "example"}


@pytest.mark.parametrize("first", ["preset", "features", "auth", "cache"])
def test_a_toggle_counts_before_the_list_and_the_list_before_the_preset(
    small: Path, tmp_path: Path, first: str
) -> None:
    data = {"preset": "full", "features": "[celery, auth]", "auth": "false", "cache": "true"}
    for turn, order in enumerate(permutations(data.keys() - {first})):
        given = {name: data[name] for name in (first, *order)}
        new = tmp_path / str(turn)

        made = copier.run_copy(str(small), new, data=given, defaults=True, quiet=True)

        answers = made.answers.combined
        assert {name for name in questions.toggles() if answers[name]} == {"cache", "celery"}
        assert answers_of(new)["preset"] == "full"
        assert answers_of(new)["auth"] is answers_of(new)["metrics"] is False


def test_the_answers_file_has_toggles_and_no_list(small: Path, tmp_path: Path) -> None:
    copier.run_copy(str(small), tmp_path / "new", data={"features": ["auth"]}, defaults=True)

    assert answers_of(tmp_path / "new").keys() & {"features", *questions.toggles()} == {
        *("docker", "example")
    }


@pytest.mark.parametrize("recorded", [{}, {"auth": False}, {"cache": True}, {"preset": "custom"}])
def test_answers_of_before_the_list_was_there_are_kept(
    small: Path, tmp_path: Path, recorded: dict[str, Any]
) -> None:
    project = tmp_path / "new"
    copier.run_copy(str(small), project, data=recorded, defaults=True, quiet=True)
    before = answers_of(project)
    start(project)

    copier.run_update(project, data={}, defaults=True, overwrite=True, quiet=True, vcs_ref="HEAD")
    unchanged = answers_of(project)
    copier.run_update(
        project, data={"celery": "true"}, defaults=True, overwrite=True, quiet=True, vcs_ref="HEAD"
    )

    assert unchanged == before
    assert answers_of(project) == {**before, "celery": True}


def test_the_list_of_an_update_on_the_command_line_replaces_what_was_recorded(
    small: Path, tmp_path: Path
) -> None:
    project = tmp_path / "new"
    copier.run_copy(str(small), project, data={"preset": "custom", "cache": True}, defaults=True)
    start(project)

    data = ["--data", "features=[auth, celery]"]
    done = run_copier("update", "--defaults", "--vcs-ref", "HEAD", *data, cwd=project)

    assert done.returncode == 0, done.stderr
    assert on(project) == {"auth", "celery"}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"features": ["permissions"]}, "Add auth, which permissions needs"),
        ({"features": ["permissions"], "auth": False}, "permissions needs auth: pass --data auth="),
        ({"features": ["authentication"]}, "'authentication' is not in"),
    ],
)
def test_a_list_that_cannot_be_is_refused(
    small: Path, tmp_path: Path, data: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        copier.run_copy(str(small), tmp_path / "new", data=data, defaults=True, quiet=True)


def test_the_files_follow_from_the_list(render: Render) -> None:
    chosen = {name: name in ("auth", "cache") for name in questions.toggles()}

    listed = render(preset="custom", features=json.dumps(["auth", "cache"]))
    toggled = render(preset="custom", **chosen)

    files = [{str(path.relative_to(at)) for path in at.rglob("*")} for at in (listed, toggled)]
    assert files[0] == files[1]
    assert yaml.safe_load((listed / ".copier-answers.yml").read_text()) == answers_of(toggled)

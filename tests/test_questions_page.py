"""docs/reference.md lists every question, as `config/` has it."""

import re

from tests import questions
from tests.questions_page import FILE, page


def test_the_page_is_up_to_date() -> None:
    assert FILE.read_text() == page(), "run `just reference`"


def test_every_question_is_there_once_with_its_choices() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` (.*)$", page(), re.MULTILINE))

    assert list(rows) == list(questions.asked())
    for name in ("database", "server", "preset", "license", "python_version"):
        assert [value for value in questions.choices(name) if f"`{value}`" not in rows[name]] == []
    assert rows["websocket"].endswith("| full | `auth` |")

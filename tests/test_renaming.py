"""Unit tests of hooks/migrations/: new names in Python code, and changes to split files."""

import pytest

from merging import changes_for, has_conflict, merge
from renames import Renames
from renaming import rename

RENAMES = Renames("""
app/hub.py > app/ws/manager.py
app/counts.py > app/metrics.py
app/quota/__init__.py > app/limits/__init__.py
app.hub:Hub > app.ws.manager:Manager
app.hub:LIMIT > app.ws.manager:MAX
app.hub:moved > app.other:moved
app.counts:count > app.metrics:increment
app.stays:Text > app.fields:SafeText
""")

TWO_STATEMENTS = "from app.fields import SafeText\nfrom app.stays import x"


def renamed(text: str, path: str = "app/mine.py") -> str:
    return rename(text.encode(), path, RENAMES, lambda module: module == "app.quota.ours").decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from app.hub import Hub\nHub()", "from app.ws.manager import Manager\nManager()"),
        ("from app.hub import Hub as H\nH()", "from app.ws.manager import Manager as H\nH()"),
        ("from .hub import Hub\nHub()", "from app.ws.manager import Manager\nManager()"),
        ("from . import hub\nhub.Hub.Hub", "from app.ws import manager\nmanager.Manager.Hub"),
        ("from app import hub as h\nh.Hub", "from app.ws import manager as h\nh.Manager"),
        ("import app.hub\napp.hub.Hub.go()", "import app.ws.manager\napp.ws.manager.Manager.go()"),
        ("import app.hub as h\nh.LIMIT", "import app.ws.manager as h\nh.MAX"),
        ("from app.hub import *", "from app.ws.manager import *"),
        ("from app.hub import moved", "from app.other import moved"),
        (
            "from app.stays import Text, x",
            "from app.fields import SafeText\nfrom app.stays import x",
        ),
        (
            "patch('app.hub.Hub.go')  # app.hub",
            "patch('app.ws.manager.Manager.go')  # app.ws.manager",
        ),
        ("from app.quota import ours", "from app.quota import ours"),
        ("from app.quota import limit", "from app.limits import limit"),
        ("import app.quota, app.quota.ours", "import app.limits, app.quota.ours"),
        (
            "from app.hub import (\n    Hub,  # é\n    x,\n)",
            "from app.ws.manager import (\n    Manager,  # é\n    x,\n)",
        ),
    ],
)
def test_a_name_is_new_where_it_is_imported_and_used(old: str, new: str) -> None:
    assert renamed(old) == new


@pytest.mark.parametrize(
    "text",
    [
        "from app.hub import Hub\n\ndef f(Hub): return Hub",
        "from app.hub import Hub\nManager = 1",
        "from app.hub import Hub\nwith x as Manager: Hub()",
        "from app.hub import Hub\nfor Hub in x: pass",
        "def f():\n    from app.hub import Hub\ndef g():\n    from other import Hub\n    Hub()",
        "from app.hub import Hub\ndef f():\n    global Hub",
        "from app.hub import Hub\ntry: x\nexcept E as Hub: pass",
        "from app.hub import Hub\nmatch x:\n    case [*Hub]: pass",
    ],
)
def test_a_name_with_another_meaning_is_imported_as_the_old_name(text: str) -> None:
    expected = text.replace("from app.hub import Hub", "from app.ws.manager import Manager as Hub")

    assert renamed(text) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class Hub: pass\nx: Hub\nx.Hub", "class Manager: pass\nx: Manager\nx.Hub"),
        ("LIMIT = 3\ndef f(): return LIMIT", "MAX = 3\ndef f(): return MAX"),
        (
            "LIMIT: int = 3\ndef f(LIMIT): return LIMIT",
            "LIMIT: int = 3\ndef f(LIMIT): return LIMIT",
        ),
        ("async def LIMIT(): pass", "async def MAX(): pass"),
    ],
)
def test_a_definition_is_renamed_in_its_own_file(old: str, new: str) -> None:
    assert renamed(old, "app/hub.py") == new


@pytest.mark.parametrize(
    "text",
    [
        "from app.counts import Counts\ncounts.count(count=1)\nself.count = 'count'",
        "count = 1\nHub = 2",
        "from app.hubs import Hub\nfrom my.app.hub import Hub as H",
        "import app.hub_of_ours",
    ],
)
def test_what_only_looks_alike_is_unchanged(text: str) -> None:
    assert renamed(text).replace("app.metrics", "app.counts") == text


def test_statements_that_become_several_keep_their_indentation_or_line() -> None:
    indented = "if x:\n    from app.stays import (\n        Text,  # why\n        y,\n    )\n"
    inline = "if x: from app.stays import Text, y\n"

    assert renamed(indented) == (
        "if x:\n    # why\n    from app.fields import SafeText\n    from app.stays import y\n"
    )
    assert renamed(inline) == "if x: from app.fields import SafeText; from app.stays import y\n"


@pytest.mark.parametrize(
    "data", [b"from app.hub import (", b"x = '\xe9'", b"\xef\xbb\xbfimport app.hub"]
)
def test_what_cannot_be_parsed_stays(data: bytes) -> None:
    assert rename(data, "app/mine.py", RENAMES, lambda _: False) == data


def test_other_line_ends_do_not_move_the_edits() -> None:
    text = "# é\r\nfrom app.hub import Hub\r\nx = '''a\r\nb'''; Hub()\r\n"

    assert renamed(text) == text.replace("app.hub", "app.ws.manager").replace("Hub", "Manager")


def test_leftovers_are_reported_with_their_lines() -> None:
    text = b"See app/hub.py.\nHub\napp.ws.manager and app.hub.x\nTheHub, count, my/app/hub.py_\n"

    assert [number for number, _ in RENAMES.leftovers(text)] == [1, 2, 3]
    assert [number for number, _ in RENAMES.leftovers(b"Hub without its module")] == []


def test_both_sides_of_a_conflict_between_imports_are_taken() -> None:
    base, ours, theirs = (
        b"import a\n\nx = 1\n",
        b"import a\nimport b\n\nx = 1\n",
        b"import c\n\nx = 1\n",
    )

    assert merge(ours, base, theirs) == b"import c\nimport b\n\nx = 1\n"


@pytest.mark.parametrize("line", [b"x = 2\n", b"from b import (\n    c,\n)\n"])
def test_any_other_conflict_stays_one(line: bytes) -> None:
    merged = merge(b"import a\n" + line, b"import a\n", b"import c\n")

    assert merged is not None
    assert has_conflict(merged)


def test_binary_files_are_not_merged() -> None:
    assert merge(b"\0a", b"\0b", b"\0c") is None


def test_each_change_goes_to_the_part_that_has_the_lines_around_it() -> None:
    one, two = b"import a\n\ndef f():\n    return 1\n", b"import a\n\ndef g():\n    return 2\n"
    base = one + b"\n\n" + two
    ours = base.replace(b"return 1", b"return 11").replace(
        b"import a\n", b"import a\nimport b\n", 1
    )

    parts = [changes_for(number, ours, base, [one, two]) for number in (0, 1)]

    assert [b"return 11" in part for part in parts] == [True, False]
    assert [b"import b" in part for part in parts] == [True, True]

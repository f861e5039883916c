"""How the app is put together."""

import gc
import subprocess
import sys
import weakref

import pytest

from app.core.config import ROOT
from app.core.feature import Feature
from app.features import FEATURES
from app.main import create_app, freeze_once
from tests.conftest import MakeApp

NAMES = [feature.name for feature in FEATURES]


def test_an_app_that_is_not_referenced_is_collected() -> None:
    # FastAPI keeps the functions that it is given. One that refers to its app keeps it for ever.
    app = weakref.ref(create_app())

    gc.collect()

    assert app() is None


async def test_what_exists_at_the_first_start_is_left_out_of_collections(
    make_app: MakeApp,
) -> None:
    freeze_once.cache_clear()
    before = gc.get_freeze_count()

    await make_app()
    frozen = gc.get_freeze_count()
    await make_app()

    assert before < frozen
    assert gc.get_freeze_count() <= frozen


def test_whatever_imports_the_service_collects_garbage_rarely() -> None:
    code = "import gc; before = gc.get_threshold(); import app; print(before < gc.get_threshold())"

    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True) == "True\n"


def test_each_feature_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
def test_a_feature_comes_after_those_that_it_names(feature: Feature) -> None:
    before = NAMES[: NAMES.index(feature.name)]

    # One that this service does not have needs no place.
    assert [name for name in feature.after if name in NAMES and name not in before] == []

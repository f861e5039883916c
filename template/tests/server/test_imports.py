"""Imports without garbage collection."""

import gc

import pytest

from app.servers import garbage_collection_paused


def test_garbage_is_collected_again_after_an_import() -> None:
    with garbage_collection_paused():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_garbage_is_collected_again_after_an_import_that_failed() -> None:
    with pytest.raises(ImportError), garbage_collection_paused():
        raise ImportError

    assert gc.isenabled()

"""How the app is put together."""

import gc
import weakref

from app.main import create_app


def test_an_app_that_nobody_needs_is_let_go() -> None:
    # FastAPI remembers the functions that it is given. One that holds its app keeps it for ever.
    app = weakref.ref(create_app())

    gc.collect()

    assert app() is None

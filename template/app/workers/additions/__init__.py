"""What other features add to the workers: the function `add_to` of each module in this folder.

It is to a process of the workers what a feature's `setup` is to the app.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def add_to(runtime: Any) -> None:
    """Let every module in this folder add its part."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}").add_to(runtime)

"""`.env.example` lists every setting, and nothing else."""

import re
from collections.abc import Generator
from importlib import import_module
from pkgutil import walk_packages

import app
from app.core.settings import EnvSettings
from dev.project import ROOT

LINE = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


def settings_classes(base: type[EnvSettings] = EnvSettings) -> Generator[type[EnvSettings]]:
    """Yield the settings classes of all modules."""
    for module in walk_packages(app.__path__, "app."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    yield from subclasses(base)


def subclasses(base: type[EnvSettings]) -> Generator[type[EnvSettings]]:
    for each in base.__subclasses__():
        yield each
        yield from subclasses(each)


def test_the_example_names_every_setting_once() -> None:
    fields = {
        name.upper()
        for each in settings_classes()
        if each.__module__.startswith("app.")
        for name in each.model_fields
    }

    listed = LINE.findall((ROOT / ".env.example").read_text())

    assert sorted(key for key in listed if not key.startswith("TEST_")) == sorted(fields)


def test_a_copy_of_the_example_changes_nothing() -> None:
    for each in settings_classes():
        if each.__module__.startswith("app."):
            assert each(_env_file=ROOT / ".env.example") == each(_env_file=None), each

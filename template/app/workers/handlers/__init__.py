"""The handlers of all types of jobs: importing this package fills `app.core.job.KINDS`."""

from importlib import import_module
from pkgutil import iter_modules

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")

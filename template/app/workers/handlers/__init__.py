"""The handlers of jobs: importing this package registers them in `app.core.job.JOB_TYPES`."""

from importlib import import_module
from pkgutil import iter_modules

for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")

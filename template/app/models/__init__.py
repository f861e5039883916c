"""All models: importing this package fills `Base.metadata`."""

from importlib import import_module
from pkgutil import iter_modules

# A model that is not imported would be missing from the next migration.
for module in iter_modules(__path__):
    import_module(f"{__name__}.{module.name}")

"""Python runs this in every process that has this folder in its path: adds the blueprint."""

from tests.blueprint.mount import mount

mount()

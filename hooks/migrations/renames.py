"""The renames of a release, read from a text."""

import re
from collections.abc import Iterator
from functools import cached_property

Name = tuple[str, str]  # a module, and what it defines


def dotted(path: str) -> str:
    """Return the name of the module in a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _any_of(patterns: list[str]) -> re.Pattern[bytes]:
    """Return a pattern that matches one of these, but not as the end of a longer name."""
    return re.compile((rf"(?<![\w.])(?:{'|'.join(patterns)})" if patterns else "(?!)").encode())


class Renames:
    """A list of `old > new`, paths or module:name, one in a line. # begins a comment."""

    def __init__(self, text: str) -> None:
        self.files: dict[str, list[str]] = {}  # the new paths of each old one
        self.sources: dict[str, list[str]] = {}  # and the reverse
        self.names: dict[Name, Name] = {}
        for line in filter(None, (line.partition("#")[0].strip() for line in text.splitlines())):
            old, new = line.split(" > ")
            if ":" in line:
                (module, name), (new_module, new_name) = old.split(":"), new.split(":")
                self.names[module, name] = new_module, new_name
            else:
                self.files.setdefault(old, []).append(new)
                self.sources.setdefault(new, []).append(old)
        python = {old: new[0] for old, new in self.files.items() if old.endswith(".py")}
        self.modules = {dotted(old): dotted(new) for old, new in python.items()}
        names = {".".join(old): ".".join(new) for old, new in self.names.items()}
        self.full_names = {**self.modules, **names}

    @cached_property
    def full_name(self) -> re.Pattern[bytes]:
        """Return a pattern that matches an old dotted name."""
        longest_first = sorted(self.full_names, reverse=True)
        return _any_of([self._whole(name) for name in longest_first])

    def _whole(self, name: str) -> str:
        """Return a pattern that matches a name, but not longer names."""
        is_package = f"{name.replace('.', '/')}/__init__.py" in self.files
        # Match only the package itself: a module inside it may have kept its name.
        return re.escape(name) + (r"(?!\w|\.\w| import)" if is_package else r"\b")

    def leftovers(self, text: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield number and content of each line that still has an old path or name."""
        gone = self.files.keys() - self.sources.keys()
        gone |= self.full_names.keys() - set(self.full_names.values())
        for (_, old), (module, new) in self.names.items():
            # A bare name in a string or a comment; in lower case it may be an ordinary word.
            if old != new and not (old.isalpha() and old.islower()) and module.encode() in text:
                gone.add(old)
        found = _any_of([self._whole(name) for name in sorted(gone, reverse=True)])
        yield from ((n, line) for n, line in enumerate(text.splitlines(), 1) if found.search(line))

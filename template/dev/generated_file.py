"""Files that are written from the code, and committed."""

from dataclasses import dataclass
from pathlib import Path

from dev.project import ROOT, say


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file whose text follows from the code, and the command that writes it."""

    path: str
    command: str

    def read(self, root: Path = ROOT) -> str | None:
        """Return the text; None if there is no file yet."""
        file = root / self.path
        return file.read_text(encoding="utf-8") if file.exists() else None

    def write(self, text: str, root: Path = ROOT) -> int:
        """Write the text, unless the file has it already."""
        if self.read(root) != text:
            (root / self.path).write_text(text, encoding="utf-8")
            say(f"{self.path} was written: commit it.")
        return 0

    def check(self, text: str, root: Path = ROOT) -> int:
        """Return 1 if the file has another text. A new project has no file yet."""
        found = self.read(root)
        if found is None:
            say(f"There is no {self.path} yet: `{self.command}` writes it.")
        elif found != text:
            say(f"{self.path} is stale: run `{self.command}`, and commit the file.")
            return 1
        return 0

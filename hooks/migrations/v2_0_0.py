"""2.0.0: files, classes and functions have new names. v2_0_0.txt lists them.

For Copier, a renamed file is a deleted file and a new one, so it would drop the user's edits. This
script merges them into the new file. Before the merge, the new names are put into both sides, so
that a line that differs only in a name is no conflict. They are also put into the Python files that
the user added.
"""

import shutil
import sys
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

from guard import project
from merging import changes_for, has_conflict, merge
from renames import Renames
from renaming import rename
from versions import Versions, git, read

FAILED = """\
The update to 2.0.0 is not complete. Fix the cause below, undo the update by
`git reset --hard && git clean --force -d`, and start it again.
"""


class Update(Versions):
    """Merges the user's changes into the renamed files."""

    def __init__(self, template: str, answers: str, renames: Renames, scratch: Path) -> None:
        super().__init__(template, answers, scratch)
        self.renames = renames

    def run(self) -> None:
        """Merge every renamed file, and rename in every other file of the user's."""
        for target in self.renames.sources:
            self._carry(target)
        known = {self.answers, *self.renames.files, *self.renames.sources}
        files = (path.relative_to(self.ours).as_posix() for path in sorted(self.ours.rglob("*")))
        for path in (path for path in files if path not in known):
            if read(self.ours, path) is not None and read(self.root, path) is not None:
                self._rename_in(path)

    def _carry(self, target: str) -> None:
        """Merge, keep or delete a new file, depending on the user's changes to the old ones."""
        unmoved = [] if target in self.renames.files else [target]
        sources = [*unmoved, *self.renames.sources[target]]
        old = [path for path in sources if read(self.base, path) is not None]
        left = [path for path in old if read(self.ours, path) is not None]
        edited = [path for path in left if self.is_edited(path)]
        had, has = read(self.base, target) is not None, read(self.ours, target) is not None
        # The path was that of another file, whose changes Copier has merged into this one.
        is_mixed = had and not unmoved and self.is_edited(target)
        if not old or (left and not edited and not is_mixed) or read(self.theirs, target) is None:
            return
        is_taken = has and not had
        if is_taken and left:
            for path in edited:
                self._keep(path, target)
        elif is_taken:  # the user moved the old file to this very path
            self._merge(target, {max(old, key=lambda path: self._likeness(path, target)): target})
        elif left:
            self._merge(target, {path: path for path in edited})
        else:
            (self.root / target).unlink(missing_ok=True)
            print(f"{target}: left out, as you had deleted {' and '.join(old)}")

    def _likeness(self, old: str, new: str) -> float:
        """Return how similar a file of the old template and one of the user's are, from 0 to 1."""
        base, ours = read(self.base, old) or b"", read(self.ours, new) or b""
        return SequenceMatcher(None, base.splitlines(), ours.splitlines()).ratio()

    def _merge(self, target: str, changed: dict[str, str]) -> None:
        """Merge changed files, given as a dict of old path to the user's path, into a new one."""
        result = read(self.theirs, target) or b""
        done: list[str] = []
        stages: tuple[bytes, ...] = ()
        for old, path in changed.items():
            ours, base = self._renamed(self.ours, path, old), self._renamed(self.base, old, old)
            ours = self._part(target, old, ours, base)
            merged = merge(ours, base, result)
            (self.root / f"{old}.rej").unlink(missing_ok=True)
            if merged is None:
                self._keep(path, target)
                continue
            if has_conflict(merged) and not stages:
                stages = base, ours, result
            if ours != base:
                done.append(old)
            result = merged
        self._write(target, result, f"your changes to {' and '.join(done)}" if done else "", stages)
        self._report(target, result)

    def _renamed(self, folder: Path, path: str, old: str) -> bytes:
        """Return a file with the new names. `old` is its path in the old template."""
        text = read(folder, path) or b""
        return rename(text, old, self.renames, self._stays) if path.endswith(".py") else text

    def _stays(self, module: str) -> bool:
        return module not in self.renames.modules and self.is_module(module)

    def _part(self, target: str, old: str, ours: bytes, base: bytes) -> bytes:
        """Return the base with those changes that belong to one part of a split file."""
        texts = {part: read(self.theirs, part) for part in self.renames.files.get(old, [])}
        parts = {part: text for part, text in texts.items() if text is not None}
        if len(parts) < 2:
            return ours
        return changes_for([*parts].index(target), ours, base, [*parts.values()])

    def _keep(self, path: str, target: str) -> None:
        """Restore a file that cannot be merged."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.ours / path, self.root / path)
        (self.root / f"{path}.rej").unlink(missing_ok=True)
        print(f"{path}: kept as it was, merge it into {target} by hand")

    def _rename_in(self, path: str) -> None:
        """Rename in a file with an unchanged path: added or changed by the user, or a seed."""
        now, ours = read(self.root, path) or b"", read(self.ours, path) or b""
        if b"\r\n" not in ours:  # git may have added them on its way to the working tree
            now = now.replace(b"\r\n", b"\n")
        if now != ours and not self.is_edited(path):
            return  # the new template's
        mine = self._renamed(self.ours, path, path)
        if now == ours:
            if mine != ours:
                self._write(path, mine, "new names")
        else:
            base, theirs = self._renamed(self.base, path, path), read(self.theirs, path) or b""
            result = merge(mine, base, theirs)
            if result is not None and (mine, base) != (ours, read(self.base, path) or b""):
                stages = (base, mine, theirs) if has_conflict(result) else ()
                self._write(path, result, "new names", stages)
        if self.is_edited(path):
            self._report(path, read(self.root, path) or b"")

    def _write(self, path: str, text: bytes, note: str, stages: tuple[bytes, ...] = ()) -> None:
        """Write a file, and record a conflict in the index, so that git refuses to commit it."""
        git("reset", "--quiet", "--", path)
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(text)
        (self.root / f"{path}.rej").unlink(missing_ok=True)
        if stages:
            place = f"{self.prefix}{path}"
            entries = [f"0 {'0' * 40}\t{place}"]
            for number, content in enumerate(stages, 1):
                stored = git("hash-object", "-w", "--stdin", given=content).decode().strip()
                entries.append(f"100644 {stored} {number}\t{place}")
            git("update-index", "--index-info", given="\n".join(entries).encode())
        if note:
            print(f"{path}: {note}{', with conflicts' if stages else ''}")

    def _report(self, path: str, text: bytes) -> None:
        """Print the user's lines that still have an old path or name."""
        for number, line in self.renames.leftovers(text):
            if line not in (read(self.theirs, path) or b"").splitlines():
                print(f"{path}:{number}: old name in {line.decode(errors='replace').strip()[:90]}")


def main() -> None:
    """Migrate the project that Copier has just updated."""
    template, answers = sys.argv[1:]
    project(answers)
    renames = Renames(Path(__file__).with_suffix(".txt").read_text())
    with TemporaryDirectory() as scratch:
        Update(template, answers, renames, Path(scratch)).run()


if __name__ == "__main__":
    try:
        main()
    except Exception:
        print(FAILED, file=sys.stderr)
        raise

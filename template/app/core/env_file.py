"""Checks `.env` before it is read."""

from pathlib import Path


def check_env_file(path: Path) -> None:
    """Raise `ValueError`, which names file and line, unless it is UTF-8 or absent."""
    if not path.is_file():
        return
    try:
        content = path.read_bytes()
        content.partition(b"\0")[0].decode("utf-8-sig")
        position = content.find(b"\0")  # every other byte in UTF-16
    except OSError as error:
        raise ValueError(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        position = error.start
    if position >= 0:
        line = content.count(b"\n", 0, position) + 1
        raise ValueError(f"{path.name}, line {line}: is not UTF-8; save the file as UTF-8")

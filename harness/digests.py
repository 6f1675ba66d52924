"""Digests of files, read once a process as long as the file does not change."""

import hashlib
from functools import cache
from pathlib import Path


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, as hex digits."""
    stat = path.stat()
    return _digest(path, stat.st_size, stat.st_mtime_ns)


@cache
def _digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""What was found out about files, remembered from run to run while they stay."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from harness.artifacts import write_whole
from harness.errors import BadData, HarnessError

# The coarsest clock of a file system in use, FAT's, in ns: a file that changed so
# shortly before it was read could change again and bear the same time.
RESOLUTION = 2 * 10**9
ROOM = 4096  # findings on the disk, of some hundred bytes each

#: Size, time of the content and time of the file's entry, both in ns, number of the
#: file and of its disk. A tool that puts other content under the old time changes the
#: third; another file of the same times comes in its place with its folder, or by a
#: link to that.
Stamp = tuple[int, int, int, int, int]


def stamp(path: Path) -> Stamp:
    """Of a file as it is now.

    Raises
    ------
    BadData
        If it cannot be looked at.
    """
    try:
        return _of(os.stat(path))
    except OSError as error:
        raise BadData(
            f"{path} cannot be looked at: {error.strerror or error}; put it back, or "
            "start the run anew without it"
        ) from error


def digest_of(path: Path, known: Stamp) -> str:
    """sha256 of the bytes of a file, that must be the one that was seen before.

    Raises
    ------
    BadData
        If it cannot be read, or has changed.
    """
    try:
        with path.open("rb") as file:
            before = _of(os.fstat(file.fileno()))
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = _of(os.fstat(file.fileno()))
    except OSError as error:
        raise BadData(
            f"{path} cannot be read: {error.strerror or error}; put it back, or start "
            "the run anew without it"
        ) from error
    if not before == after == known:
        raise changed(path)
    return digest


def changed(path: Path) -> BadData:
    """That a file is another than it was when the run first looked at it."""
    return BadData(
        f"{path} has changed since this run first looked at it, so its numbers would "
        "be of two files; start the run anew, and leave the data alone meanwhile"
    )


class Memory:
    """Texts by the files that they are about, in this process and in a folder.

    One that was damaged is as good as none; those that were not used for the longest
    time are dropped. Where the folder cannot be written to, nothing is kept in it.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._found: dict[str, str] = {}

    def keep_in(self, cache_dir: Path) -> None:
        """From now on findings are read from, and written to, this cache as well."""
        self._folder = cache_dir / "remembered"

    def get(
        self, what: str, files: Mapping[Path, Stamp], find: Callable[[], str]
    ) -> str:
        """The finding about files of these stamps, found now if it is not remembered.

        Parameters
        ----------
        what
            Tells it from other findings about the same files.
        find
            Must read the files as they were stamped, or raise.
        """
        key = _key(what, files)
        text = self._found.get(key)
        if text is None:
            text = self._read(key)
        if text is None:
            began = time.time_ns()
            text = find()
            if all(when < began - RESOLUTION for _, when, *_ in files.values()):
                self._write(key, text)
        if len(self._found) >= ROOM:
            del self._found[next(iter(self._found))]
        self._found[key] = text
        return text

    def _read(self, key: str) -> str | None:
        if self._folder is None:
            return None
        path = self._folder / key
        text = _text_of(path)
        if text is not None:
            with suppress(OSError):
                os.utime(path)  # it was used
        return text

    def _write(self, key: str, text: str) -> None:
        if self._folder is None:
            return
        content = f"{text}\n{_seal(key, text)}".encode()
        # It only saves time: a cache that may only be read is one, too.
        with suppress(OSError, HarnessError):
            write_whole(self._folder / key, content, what="finding", folders=True)
            self._shrink(self._folder)

    def _shrink(self, folder: Path) -> None:
        kept = list(folder.iterdir())
        if len(kept) > ROOM:
            kept.sort(key=lambda path: path.stat().st_mtime_ns)
            for path in kept[: len(kept) - ROOM * 3 // 4]:
                path.unlink(missing_ok=True)


MEMORY = Memory()


def is_whole(path: Path) -> bool:
    """Whether a finding of the folder is as it was written."""
    return _text_of(path) is not None


def _text_of(path: Path) -> str | None:
    """Of a finding, named by what it is about; None if it is damaged."""
    try:
        text, _, seal = path.read_text(encoding="utf-8").rpartition("\n")
    except (OSError, ValueError):
        return None
    return text if seal == _seal(path.name, text) else None


def _of(found: os.stat_result) -> Stamp:
    times = found.st_mtime_ns, found.st_ctime_ns
    return found.st_size, *times, found.st_ino, found.st_dev


def _key(what: str, files: Mapping[Path, Stamp]) -> str:
    digest = hashlib.sha256(json.dumps(what).encode())
    here = os.path.abspath("")
    for path, found in files.items():
        digest.update(os.fsencode(os.path.join(here, path)))
        digest.update(f"\0{found}".encode())
    return digest.hexdigest()


def _seal(key: str, text: str) -> str:
    return hashlib.sha256(f"{key} {text}".encode()).hexdigest()

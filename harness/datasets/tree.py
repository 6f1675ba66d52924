"""What lies below a folder, as people see it: links followed, every file once."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import BadData

# What systems and archivers leave beside people's own files; compared in lower case.
_LEFT_BY_SYSTEMS = {
    "__macosx",
    "@eadir",
    "#recycle",
    "$recycle.bin",
    "system volume information",
    "lost+found",
    "thumbs.db",
    "ehthumbs.db",
    "desktop.ini",
    "__pycache__",
}


def is_hidden(name: str) -> bool:
    """Whether people do not see a file or folder of this name, or did not put it there.

    Examples
    --------
    >>> [is_hidden(n) for n in ("._1.png", "@eaDir", "Thumbs.db", "cat", "1.png")]
    [True, True, True, False, False]
    """
    return name.startswith(".") or name.lower() in _LEFT_BY_SYSTEMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What a walk found.

    Attributes
    ----------
    root
        Where it began.
    files
        Each file once, sorted by path.
    hidden
        Files and folders whose names hide them; the folders were not entered.
    again
        Links to what is found without them, and the path it is found by.
    special
        What is neither file nor folder: sockets, devices.
    """

    root: Path
    files: tuple[Path, ...]
    hidden: tuple[Path, ...]
    again: tuple[tuple[Path, Path], ...]
    special: tuple[Path, ...]


def walk(root: Path) -> Tree:
    """Every file below a folder, through links too, but none by two paths.

    What lies there itself comes before what links lead to; a link into its own path
    ends there.

    Raises
    ------
    BadData
        If a folder cannot be read, or a link leads nowhere.
    """
    seen = _Walk(root)
    seen.go()
    return Tree(
        root=root,
        files=tuple(sorted(seen.files.values())),
        hidden=tuple(sorted(seen.hidden)),
        again=tuple(sorted(seen.again)),
        special=tuple(sorted(seen.special)),
    )


@dataclass
class _Walk:
    """A walk on its way; files and folders go by their real paths."""

    root: Path
    files: dict[str, Path] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    hidden: list[Path] = field(default_factory=list)
    again: list[tuple[Path, Path]] = field(default_factory=list)
    special: list[Path] = field(default_factory=list)
    links: deque[Path] = field(default_factory=deque)

    def go(self) -> None:
        self._below(self.root)
        while self.links:
            self._follow(self.links.popleft())

    def _below(self, top: Path) -> None:
        """All that lies in a folder and its own folders; links are put aside."""
        todo = deque([(top, os.path.realpath(top))])
        while todo:
            folder, real = todo.popleft()
            if real in self.folders:
                self.again.append((folder, self.folders[real]))
                continue
            self.folders[real] = folder
            for entry in _entries(folder):
                path, its_real = folder / entry.name, os.path.join(real, entry.name)
                if is_hidden(entry.name):
                    self.hidden.append(path)
                elif entry.is_symlink():
                    self.links.append(path)
                elif entry.is_dir():
                    todo.append((path, its_real))
                elif entry.is_file():
                    self._file(path, its_real)
                else:
                    self.special.append(path)

    def _follow(self, link: Path) -> None:
        try:
            mode = link.stat().st_mode
        except OSError as error:
            raise BadData(
                f"link {link} cannot be followed: {error.strerror or error}; mend it "
                "or take it away"
            ) from error
        real = os.path.realpath(link)
        if stat.S_ISDIR(mode):
            top = Path(os.path.realpath(self.root))
            if top.is_relative_to(real):  # round and round
                self.again.append((link, self.root))
            else:
                self._below(link)
        elif stat.S_ISREG(mode):
            self._file(link, real)
        else:
            self.special.append(link)

    def _file(self, path: Path, real: str) -> None:
        first = self.files.setdefault(real, path)
        if first is not path:
            self.again.append((path, first))


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise BadData(
            f"folder {folder} cannot be read: {error.strerror or error}; give yourself "
            "the right to read and enter it, or move it elsewhere"
        ) from error

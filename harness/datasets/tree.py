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
        All that can be seen, sorted by path, with the real path of each.
    hidden
        Files and folders whose names hide them; the folders were not entered.
    again
        Links to folders that are found without them, and the path they are found by.
    special
        What is neither file nor folder: sockets, devices.
    """

    root: Path
    files: dict[Path, str]
    hidden: tuple[Path, ...]
    again: tuple[tuple[Path, Path], ...]
    special: tuple[Path, ...]


def walk(root: Path) -> Tree:
    """Every file below a folder, through links too, but no folder by two paths.

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
        files=dict(sorted(seen.files.items())),
        hidden=tuple(sorted(seen.hidden)),
        again=tuple(sorted(seen.again)),
        special=tuple(sorted(seen.special)),
    )


def once(
    tree: Tree, paths: Iterable[Path]
) -> tuple[list[Path], list[tuple[Path, Path]]]:
    """Each file by one of its paths, and the others, each with the one that is kept.

    Links go after what lies there itself. Both are sorted.
    """
    kept: dict[str, Path] = {}
    again = []
    for path in sorted(paths, key=lambda path: (path.is_symlink(), path)):
        first = kept.setdefault(tree.files[path], path)
        if first is not path:
            again.append((path, first))
    return sorted(kept.values()), sorted(again)


@dataclass
class _Walk:
    """A walk on its way; folders go by their real paths."""

    root: Path
    files: dict[Path, str] = field(default_factory=dict)
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
                    self.files[path] = its_real
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
            self.files[link] = real
        else:
            self.special.append(link)


def _entries(folder: Path) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise BadData(
            f"folder {folder} cannot be read: {error.strerror or error}; give yourself "
            "the right to read and enter it, or move it elsewhere"
        ) from error

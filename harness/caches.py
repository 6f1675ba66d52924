"""Caches: what lies in a cache folder, whether it is whole, and what may go.

Only what the harness itself writes is known here, by its place in the folder; all else
that lies there, downloaded datasets for one, is left alone. No link is followed.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness import artifacts
from harness.answers import under_way
from harness.answers.keeping import FOLDER, read_answers
from harness.artifacts import lock_of, sum_of
from harness.datasets import decoded, remembered
from harness.errors import HarnessError

# Another run may be about to use what was used so shortly before. Kept answers, decoded
# images and findings may go all the same: they are read through a handle that stays,
# and made anew where they are gone.
RECENT = 3600.0
_BESIDE = (".sha256", ".lock", ".lock.holder")
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp")
_TRAINING = re.compile(r"(.+-[0-9a-f]{16})\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is made, used and removed as one.

    Attributes
    ----------
    kind
        One of `KINDS`.
    name
        Its place in the cache.
    files
        All of it.
    size
        Bytes.
    used
        When it was last used, or written, in seconds since the epoch.
    lock
        The file that is locked while it is made; None where it needs none.
    """

    kind: str
    name: str
    files: tuple[Path, ...]
    size: int
    used: float
    lock: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What tells one kind of content.

    Attributes
    ----------
    folders
        Where it lies.
    group
        What files of one folder belong together by.
    is_whole
        Whether a file is as it was written; None where nothing here says so.
    locks
        Whether what is made holds a lock.
    careful
        Whether what was used shortly before is left, since a run may rely on it.
    """

    folders: tuple[str, ...]
    group: Callable[[Path], Path] = lambda path: path
    is_whole: Callable[[Path], bool | None] = lambda path: None
    locks: bool = False
    careful: bool = False


def _with_beside(path: Path) -> Path:
    """The file that a sum, a lock or a part of a download is of."""
    for end in (*_BESIDE[::-1], ".part"):
        if path.name.endswith(end):
            return path.with_name(path.name.removesuffix(end))
    return path


def _training(path: Path) -> Path:
    """Weights, records and checkpoints of one training are one."""
    found = _TRAINING.match(path.name)
    return path.with_name(f"{found[1]}.safetensors") if found else _with_beside(path)


def _by_sum(path: Path) -> bool | None:
    if path.name.endswith(_BESIDE) or not sum_of(path).exists():
        return None
    return artifacts.is_whole(path)


def _has_seal(path: Path) -> bool:
    try:
        read_answers(path)
    except (OSError, ValueError):
        return False
    return True


_KINDS = {
    "weights": _Kind(
        folders=("models", "weights"),
        group=_training,
        is_whole=_by_sum,
        locks=True,
        careful=True,
    ),
    "heads": _Kind(
        folders=("heads",),
        group=_with_beside,
        is_whole=_by_sum,
        locks=True,
        careful=True,
    ),
    "predictions": _Kind(folders=(f"{FOLDER}/predictions",), is_whole=_has_seal),
    "logits": _Kind(folders=(f"{FOLDER}/logits",), is_whole=_has_seal),
    "decoded": _Kind(folders=("decoded",), is_whole=decoded.is_whole),
    "under-way": _Kind(
        folders=("under-way",),
        group=lambda path: path.parent,
        is_whole=under_way.is_whole,
        careful=True,
    ),
    "remembered": _Kind(folders=("remembered",), is_whole=remembered.is_whole),
}
KINDS = tuple(_KINDS)


def items(root: Path, kinds: Collection[str] = KINDS) -> list[Item]:
    """What lies in a cache, of some kinds; nothing where there is none.

    Raises
    ------
    HarnessError
        If a folder cannot be read.
    """
    found: list[Item] = []
    for name in kinds:
        for folder in _KINDS[name].folders:
            found += _of_folder(root, name, folder)
    return found


def _of_folder(root: Path, kind: str, folder: str) -> Iterator[Item]:
    groups: dict[Path, list[tuple[Path, os.stat_result]]] = {}
    for path, known in _files(root, folder):
        key = path if _TEMPORARY.fullmatch(path.name) else _KINDS[kind].group(path)
        groups.setdefault(key, []).append((path, known))
    for key, files in sorted(groups.items()):
        content = [(p, s) for p, s in files if not p.name.endswith(_BESIDE[1:])]
        if not content:  # a lock that somebody left
            continue
        locks = _KINDS[kind].locks and not _TEMPORARY.fullmatch(key.name)
        yield Item(
            kind=kind,
            name=str(key.relative_to(root)),
            files=tuple(path for path, _ in content),
            size=sum(known.st_size for _, known in content),
            used=max(known.st_mtime for _, known in content),
            lock=lock_of(key) if locks else None,
        )


def _files(root: Path, folder: str) -> Iterator[tuple[Path, os.stat_result]]:
    """Files of a folder at any depth, and what is known of them; links are none."""
    place = root
    for part in Path(folder).parts:
        place = place / part
        if place.is_symlink():
            return
    waiting = [place]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # a run has just dropped it
                        known = entry.stat(follow_symlinks=False)
                        if stat.S_ISDIR(known.st_mode):
                            waiting.append(Path(entry.path))
                        elif stat.S_ISREG(known.st_mode):
                            yield Path(entry.path), known
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise HarnessError(f"cache {place} cannot be read: {error}") from error


def elsewhere(root: Path) -> list[tuple[str, int]]:
    """What else lies in a cache, and its bytes: it is never touched."""
    ours = {Path(one).parts[0] for kind in _KINDS.values() for one in kind.folders}
    try:
        names = sorted(entry.name for entry in os.scandir(root))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise HarnessError(f"cache {root} cannot be read: {error}") from error
    found = []
    for name in names:
        place = root / name
        if name in ours and not place.is_symlink():
            continue
        size = sum(known.st_size for _, known in _files(root, name))
        if place.is_file() and not place.is_symlink():
            size = place.stat().st_size
        found.append((name, size))
    return found


def damaged(item: Item) -> tuple[list[Path], int]:
    """Files of an item that are not as they were written; and how many were read.

    What is being made, and what nothing here vouches for, is not among them.
    """
    if item.lock is not None and _is_locked(item.lock):
        return [], 0
    check = _KINDS[item.kind].is_whole
    said = {
        path: check(path) for path in item.files if not _TEMPORARY.fullmatch(path.name)
    }
    bad = [path for path, whole in said.items() if whole is False and path.exists()]
    return bad, sum(whole is not None for whole in said.values())


def to_go(
    found: Sequence[Item],
    *,
    now: float,
    older_than: float | None = None,
    most: int | None = None,
) -> list[Item]:
    """What is to go, the longest unused first.

    Parameters
    ----------
    now
        Seconds since the epoch.
    older_than
        Whatever was not used for so many seconds goes.
    most
        And so much of the rest that no more bytes are left, if what may not go leaves
        room for that.
    """
    free = [item for item in found if may_go(item, now)]
    left, gone = sum(item.size for item in found), []
    for item in sorted(free, key=lambda item: (item.used, item.name)):
        old = older_than is not None and now - item.used > older_than
        if old or (most is not None and left > most):
            gone.append(item)
            left -= item.size
    return gone


def may_go(item: Item, now: float) -> bool:
    """Whether no run relies on it: see `RECENT`."""
    temporary = any(_TEMPORARY.fullmatch(path.name) for path in item.files)
    careful = _KINDS[item.kind].careful or temporary
    return not careful or now - item.used > RECENT


def remove(root: Path, item: Item) -> str:
    """Remove an item; why it was left where it was, and nothing where it is gone."""
    if item.lock is None:
        return _unlink(root, item)
    from filelock import FileLock, Timeout

    lock = FileLock(str(item.lock))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return "another process is making it"
    except (OSError, NotImplementedError) as error:
        return f"its lock cannot be had: {error}"
    try:
        return _unlink(root, item)
    finally:
        lock.release()


def _unlink(root: Path, item: Item) -> str:
    # Without its sum a file is not whole: what is left of a removal is made anew.
    files = sorted(item.files, key=lambda path: not path.name.endswith(".sha256"))
    try:
        inside = root.resolve()
        for path in files:
            if inside not in path.parent.resolve().parents:
                return "a folder of it is a link that leads out of the cache"
            known = path.lstat()
            if known.st_mtime > item.used:
                return "it was used meanwhile"
        for path in files:
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return ""  # somebody else was quicker
    except OSError as error:
        return str(error)
    if (folder := root / item.name).is_dir():  # of a pass under way
        with suppress(OSError):  # something has come
            folder.rmdir()
    return ""


def _is_locked(path: Path) -> bool:
    from filelock import FileLock, Timeout

    if not path.exists():
        return False
    try:
        with FileLock(str(path), timeout=0):
            return False
    except Timeout:
        return True
    except (OSError, NotImplementedError):  # one that may only be read
        return False


def day_of(seconds: float) -> str:
    """The local day of a time, as 2026-11-29."""
    return time.strftime("%Y-%m-%d", time.localtime(seconds))

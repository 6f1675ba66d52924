"""Artifacts: files that are written whole, made once, and known to be undamaged."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.digests import file_digest
from harness.errors import HarnessError

if TYPE_CHECKING:
    from filelock import BaseFileLock

Tell = Callable[[str], None]

PATIENCE = 5.0  # seconds that a lock is waited for without a word
BEAT = 5.0  # seconds between signs of life of the process that holds a lock
LIMIT = 120.0  # seconds without one, after which a lock is waited for no longer
_ROOM = bytes(1 << 16)  # must fit on the disk before expensive work
_CURE = "choose another folder with --harness-cache-dir"


def write_whole(
    path: Path,
    content: bytes | Iterable[bytes],
    *,
    what: str,
    cure: str = "",
    folders: bool = False,
) -> None:
    """Write a file whole or not at all.

    A link stays one, and the file that it points to is replaced.

    Parameters
    ----------
    content
        All of it, or parts that are made as they are written.
    what, cure
        For the message: what is written, and what to do where it cannot be.
    folders
        Make those that it lies in.

    Raises
    ------
    HarnessError
        If it cannot be written.
    """
    temporary: Path | None = None
    try:
        place = path.resolve()
        if folders:
            place.parent.mkdir(parents=True, exist_ok=True)
        # Not made of the name, which may be as long as names can be.
        temporary = place.with_name(f".{secrets.token_hex(8)}.tmp")
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            with temporary.open("wb") as file:
                file.writelines(content)
        temporary.replace(place)
    except (OSError, RuntimeError, ValueError) as error:  # loops of links; NUL
        raise unwritable(path, error, what=what, cure=cure) from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def irreplaceable(path: Path) -> str:
    """Why what lies at a path is not to be replaced by a file; empty if it may be.

    As root, the user of most containers, one may replace anything: a device too.
    """
    try:
        found = path.lstat()
    except OSError:  # nothing there; or it says more when it is written
        return ""
    if stat.S_ISLNK(found.st_mode):
        return f"is a link; name {path.resolve()} instead, or remove it"
    if not stat.S_ISREG(found.st_mode):
        return "is a device, a pipe or a socket" if not path.is_dir() else "is a folder"
    if not (found.st_mode & 0o222 and os.access(path, os.W_OK)):
        return "is protected from writing"
    return ""


def check_cache(folder: Path) -> None:
    """Refuse a folder for artifacts that cannot be one, before anything is made.

    One that may only be read is fine where something lies in it.

    Raises
    ------
    HarnessError
        If it is a file, or cannot be made, or is empty and cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"\n")
    except OSError as error:
        raise unwritable(folder, error, what="cache", cure=_CURE) from error


def unwritable(path: Path, error: object, *, what: str, cure: str) -> HarnessError:
    """The error of a file that cannot be written, with its cure."""
    why = f"{what} {path} cannot be written: {error}"
    return HarnessError(f"{why}; {cure}" if cure else why)


def made_once(path: Path, make: Callable[[], bytes], *, what: str, tell: Tell) -> Path:
    """The file at `path`, made first unless it lies there undamaged.

    Its sha256 lies beside it: a file that was cut off, or has a turned bit, is made
    anew. Of many processes one makes it and the others wait.

    Parameters
    ----------
    make
        Gives its content, however long that takes.
    what
        Word for it in messages.
    tell
        Is told of damage and of waiting.

    Raises
    ------
    HarnessError
        If it cannot be written, which is found before `make` is called; or if a process
        that gives no sign of life holds its lock.
    """
    if is_whole(path):
        note_use(path)
        return path
    with locked(path, what=what, tell=tell):
        if is_whole(path):  # another process has made it in the meantime
            return path
        if path.exists():
            tell(f"{what} {path} cannot be read as it was written; it is made anew")
        make_room(path, what=what)
        write_summed(path, make(), what=what)
    return path


def make_room(path: Path, *, what: str) -> None:
    """See that a file can be written, before what it will hold is made.

    Until it is, by `write_summed`, there is no whole file.

    Raises
    ------
    HarnessError
        If it cannot.
    """
    # A sum that belongs to nothing.
    write_whole(sum_of(path), _ROOM, what=what, cure=_CURE)


def write_summed(path: Path, content: bytes, *, what: str) -> None:
    """Write a file, and beside it the sum that `is_whole` holds it to.

    Raises
    ------
    HarnessError
        If it cannot be written.
    """
    digest = hashlib.sha256(content).hexdigest()
    write_whole(sum_of(path), f"{digest}\n".encode(), what=what, cure=_CURE)
    write_whole(path, content, what=what, cure=_CURE)


def is_whole(path: Path) -> bool:
    """Whether a file is as it was written, by the sum beside it."""
    try:
        return sum_of(path).read_text(encoding="ascii").strip() == file_digest(path)
    except (OSError, ValueError):
        return False


def note_use(path: Path) -> None:
    """Note when a file was last used, by the time of its sum: its own is its content's.

    Where it cannot be noted, the cache is one that may only be read.
    """
    with suppress(OSError):
        os.utime(sum_of(path))


def sum_of(path: Path) -> Path:
    """Where the sum of a file lies."""
    return path.with_name(f"{path.name}.sha256")


@contextmanager
def locked(path: Path, *, what: str, tell: Tell) -> Iterator[None]:
    """Hold the lock of a file that is about to be made, ``NAME.lock`` beside it.

    While it is held a file ``NAME.lock.holder`` says by whom, and is touched every few
    seconds. Whoever waits is told so after some; and waits as long as the holder lives.

    Raises
    ------
    HarnessError
        If the folder cannot be written to, or the holder gives no sign of life.
    """
    from filelock import FileLock

    lock = FileLock(str(lock_of(path)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, what, tell)
        holder = _Holder(_holder_of(lock))
    except (OSError, NotImplementedError, ValueError) as error:
        lock.release()
        raise unwritable(path, error, what=what, cure=_CURE) from error
    try:
        with holder:
            yield
    finally:
        lock.release()


def lock_of(path: Path) -> Path:
    """Where the lock of a file lies."""
    return path.with_name(f"{path.name}.lock")


def _acquire(lock: BaseFileLock, what: str, tell: Tell) -> None:
    """Wait for a lock while its holder lives."""
    from filelock import Timeout

    seen, since = _sign(lock), time.monotonic()
    patience = PATIENCE
    while True:
        try:
            lock.acquire(timeout=patience)
            return
        except Timeout:
            if patience == PATIENCE:
                tell(f"waiting for {lock.lock_file}, held by {_who(lock)}")
        patience = min(1.0, LIMIT)
        if (now := _sign(lock)) != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() - since > LIMIT:
            raise HarnessError(
                f"{what} cannot be made: {lock.lock_file} is held by {_who(lock)}, "
                f"which has given no sign of life for {LIMIT:.0f} s; end that process, "
                "or choose another folder with --harness-cache-dir"
            )


def _holder_of(lock: BaseFileLock) -> Path:
    return Path(f"{lock.lock_file}.holder")


def _sign(lock: BaseFileLock) -> int:
    """Changes as long as the holder of a lock lives."""
    try:
        return _holder_of(lock).stat().st_mtime_ns
    except OSError:
        return 0


def _who(lock: BaseFileLock) -> str:
    try:
        return _holder_of(lock).read_text(encoding="utf-8")[:200] or "another process"
    except (OSError, ValueError):
        return "another process"


class _Holder:
    """Says who holds a lock, and that it lives, as long as it is entered."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done = threading.Event()
        path.write_text(
            f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8"
        )
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()
        with suppress(OSError):
            self._path.unlink()

    def _beat(self) -> None:
        while not self._done.wait(BEAT):
            with suppress(OSError):
                os.utime(self._path)

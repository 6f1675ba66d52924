"""Store: measurements on disk, one JSON line each, found again by their key."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from zlib import crc32

from harness.errors import HarnessError
from harness.measurement import Measurement

# What a line raises that is no record; nested too deep to be read, for one.
_ODD = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
# Flushing hands a line to the operating system, which a killed process cannot take
# back; syncing guards against a power cut and is rationed.
SYNC_SECONDS = 1.0
# Windows would write "\r\n", and count it as one.
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


def key_of(identity: Mapping[str, Any] | Sequence[str]) -> str:
    """sha256 of the canonical JSON of everything that decides what it is the key of."""
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one finished test recorded; it travels on the test's report.

    Attributes
    ----------
    rows
        Its measurements.
    stored
        Whether the store has them already.
    keep
        Whether the store should have them: the test did nothing but pass.
    text
        The same as `line`, where it is at hand.
    """

    rows: tuple[Measurement, ...]
    stored: bool = False
    keep: bool = True
    text: str = ""

    def line(self) -> str:
        """As text, on disk and between processes: the rows, and a sum over them."""
        if self.text:
            return self.text
        rows = "[" + ", ".join(row.to_json() for row in self.rows)
        return f'{rows}, "{_sum_of(rows)}"]'

    @classmethod
    def from_line(cls, line: str, *, stored: bool = False, keep: bool = True) -> Self:
        """The inverse of `line`.

        Raises
        ------
        TypeError, ValueError, KeyError
            If the text is not of that form, or not what its sum was made of. Lines of
            earlier versions have none, and are believed.
        """
        read = json.loads(line)
        if (
            read
            and isinstance(read[-1], str)
            and (got := read.pop()) != (right := _sum_of(line[:-_END]))
        ):
            raise ValueError(f"a line must end in its sum, {right}, got {got:.60}")
        rows = tuple(map(Measurement.from_dict, read))
        return cls(rows=rows, stored=stored, keep=keep, text=line)


def _sum_of(rows: str) -> str:
    """By what a line that changed is known, if nobody meant to change it."""
    return f"crc32 {crc32(rows.encode(errors='surrogatepass')):08x}"


_END = len(', "crc32 01234567"]')  # behind the rows


def _recorded(line: str) -> Recorded | None:
    """What a line holds; None where it is no record."""
    try:
        recorded = Recorded.from_line(line)
        _ = recorded.rows[0].key
    except _ODD:
        return None
    return recorded


class Store:
    """Append-only ``results.jsonl`` in a folder; later lines replace earlier ones.

    Parameters
    ----------
    folder
        Made on the first write, with a .gitignore inside.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "results.jsonl"
        self._descriptor: int | None = None
        self._synced = 0.0
        self._torn = False  # whether the last line is, and would swallow the next

    def read(self) -> tuple[dict[str, tuple[Measurement, ...]], int]:
        """What each finished test recorded, by cell key; and the lines passed over."""
        found: dict[str, tuple[Measurement, ...]] = {}
        unread = 0
        for recorded in self.lines():
            if recorded is None:
                unread += 1
            else:
                found[recorded.rows[0].key] = recorded.rows
        return found, unread

    def lines(self) -> Iterator[Recorded | None]:
        """What each line holds, in the order they were written.

        A line that a kill tore, that changed on its disk, or that another version
        wrote, is None and passed over: its cell is measured again.

        Raises
        ------
        HarnessError
            If the file cannot be read; where there is none, there are no lines.
        """
        try:
            with self.path.open(encoding="utf-8", errors="replace") as file:
                for line in file:
                    if text := line.removesuffix("\n"):
                        yield _recorded(text)
        except FileNotFoundError:
            return
        except OSError as error:
            raise HarnessError(f"store {self.path} cannot be read: {error}") from error

    def append(self, recorded: Recorded) -> None:
        """Add what one finished test recorded, in a single write.

        One line holds all of a test's measurements, so a kill keeps all or none; and a
        line that does not fit on the disk is taken back.

        Raises
        ------
        HarnessError
            If it cannot be written: what was written before is kept, and later lines
            may be tried.
        """
        self.open()
        assert self._descriptor is not None
        start = "\n" if self._torn else ""
        data = f"{start}{recorded.line()}\n".encode()
        try:
            done = os.write(self._descriptor, data)
            if done < len(data):
                self._take_back(done)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._torn = False
            if time.monotonic() - self._synced > SYNC_SECONDS:
                self._synced = time.monotonic()
                os.fsync(self._descriptor)
        except OSError as error:
            raise self._unwritable(error) from error

    def _take_back(self, done: int) -> None:
        """Cut off a line that was written in part, unless another run went on there."""
        assert self._descriptor is not None
        self._torn = True
        end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        if os.fstat(self._descriptor).st_size == end:
            os.ftruncate(self._descriptor, end - done)
            self._torn = False

    def open(self) -> None:
        """Make sure that rows can be written.

        Raises
        ------
        HarnessError
            If they cannot; the message names the file and the option.
        """
        if self._descriptor is None:
            self._descriptor = self._open()

    def close(self) -> None:
        """Sync and close.

        Raises
        ------
        HarnessError
            If the disk would not take what the operating system had taken.
        """
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unwritable(error) from error

    def _open(self) -> int:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            ignore = self.path.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
            if self.path.exists() and not self.path.is_file():
                raise OSError("it is no file")  # reading it might never end
            with tempfile.TemporaryFile(dir=self.path.parent) as file:
                file.write(b"\n")  # a full disk has no room for a file more
            descriptor = os.open(self.path, _FLAGS, 0o644)
            if os.lseek(descriptor, 0, os.SEEK_END) > 0:
                os.lseek(descriptor, -1, os.SEEK_END)
                self._torn = os.read(descriptor, 1) != b"\n"
        except (OSError, ValueError) as error:  # the latter: a NUL in the path
            raise self._unwritable(error) from error
        return descriptor

    def _unwritable(self, error: Exception) -> HarnessError:
        return HarnessError(
            f"store {self.path} cannot be written: {error}; make room there, or choose "
            "another folder with --harness-store"
        )

"""Store: what cells gave, on disk, one JSON line each, found again by their key."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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
class Skipped:
    """That what a cell measures has no value, in place of its measurements.

    Attributes
    ----------
    key
        The cell's.
    reason
        Why, for people.
    names
        What it is of is called, and traits: the reason may go by them, and the key does
        not. As of a `Measurement`.
    code
        Digest of what else may give the reason and is not in the key.
    """

    key: str
    reason: str
    names: dict[str, Any]
    code: str

    def to_json(self) -> str:
        """Part of a line."""
        return json.dumps({"skipped": asdict(self)}, allow_nan=False)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """The inverse of `to_json` after `json.loads`.

        Raises
        ------
        TypeError
            If a field is missing, unknown or not of its kind.
        """
        found = cls(**fields["skipped"])
        texts = (found.key, found.reason, found.code)
        if not all(isinstance(text, str) for text in texts) or not isinstance(
            found.names, dict
        ):
            raise TypeError(f"a skip must be texts and names, got {fields!r:.60}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one finished test recorded; it travels on the test's report.

    Attributes
    ----------
    rows
        Its measurements.
    skipped
        In place of them, that there is no value.
    stored
        Whether the store has them already.
    keep
        Whether the store should have them: the test did nothing but pass, or to be
        skipped for want of a value.
    text
        The same as `line`, where it is at hand.
    """

    rows: tuple[Measurement, ...] = ()
    skipped: Skipped | None = None
    stored: bool = False
    keep: bool = True
    text: str = ""

    @property
    def key(self) -> str:
        """The cell's."""
        return self.rows[0].key if self.skipped is None else self.skipped.key

    def line(self) -> str:
        """As text, on disk and between processes: the rows, and a sum over them."""
        if self.text:
            return self.text
        parts = self.rows if self.skipped is None else (self.skipped,)
        rows = "[" + ", ".join(part.to_json() for part in parts)
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
        made = cls(stored=stored, keep=keep, text=line)
        if len(read) == 1 and "skipped" in read[0]:
            return replace(made, skipped=Skipped.from_dict(read[0]))
        return replace(made, rows=tuple(map(Measurement.from_dict, read)))


def _sum_of(rows: str) -> str:
    """By what a line that changed is known, if nobody meant to change it."""
    return f"crc32 {crc32(rows.encode(errors='surrogatepass')):08x}"


_END = len(', "crc32 01234567"]')  # behind the rows


def _recorded(line: str) -> Recorded | None:
    """What a line holds; None where it is no record."""
    try:
        recorded = Recorded.from_line(line)
        _ = recorded.key
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

    def read(self) -> tuple[dict[str, tuple[Measurement, ...] | Skipped], int]:
        """What each finished test recorded, by cell key; and the lines passed over."""
        found: dict[str, tuple[Measurement, ...] | Skipped] = {}
        unread = 0
        for recorded in self.lines():
            if recorded is None:
                unread += 1
            else:
                found[recorded.key] = recorded.skipped or recorded.rows
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

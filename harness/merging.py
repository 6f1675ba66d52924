"""Merging: the cells of several stores in one, joined by their identity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from harness.errors import BadData, MissingData
from harness.measurement import Measurement
from harness.printable import counted
from harness.store import Recorded, Skipped, Store

# Of a row, what its key decides: all but names, which are for people, the seconds it
# took, and the facts of where it ran.
_DECIDED = (
    *("metric", "axes", "value", "accuracy", "outcome", "images", "interval"),
    *("parameters", "estimate", "label_free", "version"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A cell of which two stores say different things.

    Attributes
    ----------
    cell
        What was measured, in words.
    said
        What each store says, by its folder.
    """

    cell: str
    said: dict[Path, str]

    def __str__(self) -> str:
        """On one line."""
        said = ", ".join(f"{text} in {folder}" for folder, text in self.said.items())
        return f"{self.cell}: {said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What became of a merge.

    Attributes
    ----------
    cells
        How many each store holds, by its folder.
    passed_over
        How many lines each has that cannot be read, by its folder; see `Store.lines`.
    new
        How many cells were written, 0 where there are conflicts.
    conflicts
        All cells of which stores say different things.
    """

    cells: dict[Path, int]
    passed_over: dict[Path, int]
    new: int
    conflicts: tuple[Conflict, ...]


def merge(folders: Sequence[Path], into: Path) -> Merged:
    """Write into one store what others have and it has not, unless two disagree.

    Within a store a later line replaces an earlier one of the same cell, as ever.
    Several stores are read one after the other: of all of them together only a digest
    of each cell is held.

    Parameters
    ----------
    folders
        Stores to read; they are left as they are.
    into
        The store to write, made if it is not there.

    Raises
    ------
    MissingData
        If there is no store in one of the folders.
    BadData
        If no line of one can be read, and it is not that a kill tore its first.
    HarnessError
        If one cannot be read or written.
    """
    sources = list(dict.fromkeys(folder.resolve() for folder in folders))
    for folder in sources:
        if not (path := Store(folder).path).is_file():
            raise MissingData(
                f"store {folder}", [path], "name the folders given as --harness-store"
            )
    into = into.resolve()
    readable = [into, *(one for one in sources if one != into)]
    owners: dict[str, tuple[Path, bytes]] = {}
    against: dict[str, list[Path]] = {}
    cells, passed_over = {}, {}
    for folder in readable:
        found, passed_over[folder] = _last_lines(folder)
        cells[folder] = len(found)
        if not found and passed_over[folder]:
            _check_torn(folder, passed_over[folder])
        for key, line in found.items():
            said = _digest(Recorded.from_line(line))
            owner, before = owners.setdefault(key, (folder, said))
            if said != before:
                against.setdefault(key, [owner]).append(folder)
    conflicts = tuple(_conflicts(against))
    new = 0 if conflicts else _write(readable, into, owners)
    return Merged(cells=cells, passed_over=passed_over, new=new, conflicts=conflicts)


def _last_lines(folder: Path) -> tuple[dict[str, str], int]:
    """The last line of each cell, by key; and how many lines were passed over."""
    found: dict[str, str] = {}
    passed_over = 0
    for recorded in Store(folder).lines():
        if recorded is None:
            passed_over += 1
        else:
            found[recorded.key] = recorded.text
    return found, passed_over


def _check_torn(folder: Path, lines: int) -> None:
    """Refuse a file without any cell, but for one that a kill tore at its first."""
    path = Store(folder).path
    with path.open("rb") as file:
        whole = b"\n" in file.readline()
    if whole:
        raise BadData(
            f"store {folder} holds no cell: none of the {counted(lines, 'line')} of "
            f"{path} can be read, so it is damaged, or another version or another "
            "program wrote it; leave it out, or measure there anew"
        )


def _digest(recorded: Recorded) -> bytes:
    """Of all that has no value the same: reasons speak of names."""
    decided = [[repr(getattr(row, name)) for name in _DECIDED] for row in recorded.rows]
    return sha256(repr(decided).encode(errors="surrogatepass")).digest()


def _conflicts(against: dict[str, list[Path]]) -> Iterator[Conflict]:
    """The cells that stores disagree about, which are read once more to be shown.

    That there is no value may be said of a name: it is no word against a value that the
    same content has under another.
    """
    said: dict[str, dict[Path, Recorded]] = {key: {} for key in against}
    for folder in dict.fromkeys(one for folders in against.values() for one in folders):
        for key, line in _last_lines(folder)[0].items():
            if folder in against.get(key, ()):
                said[key][folder] = Recorded.from_line(line)
    for by_folder in said.values():
        several = [one.rows for one in by_folder.values() if one.rows]
        names = [
            name
            for name in _DECIDED
            if len({repr([getattr(row, name) for row in rows]) for rows in several}) > 1
        ]
        first = several[0][0]
        on = f" on {first.place.on}" if first.place.on else ""
        shown = {
            folder: _shown(one, names or ["value"])
            for folder, one in by_folder.items()
            if one.skipped is None or _is_of(one.skipped, first)
        }
        if len(set(shown.values())) > 1:
            yield Conflict(cell=f"{first.label} of {first.model}{on}", said=shown)


def _is_of(skipped: Skipped, row: Measurement) -> bool:
    names = skipped.names.items()
    return all(getattr(row, name, None) == called for name, called in names)


def _shown(recorded: Recorded, names: Sequence[str]) -> str:
    """What of some rows differs from others; or why there are none."""
    if recorded.skipped is not None:
        return f"skipped: {recorded.skipped.reason}"
    return "; ".join(
        " ".join(f"{name} {getattr(row, name)!r}" for name in names)
        for row in recorded.rows
    )


def _write(
    folders: Sequence[Path], into: Path, owners: dict[str, tuple[Path, bytes]]
) -> int:
    """Add the cells of all others to one store, each from the first that has it."""
    store = Store(into)
    store.open()
    new = 0
    for folder in folders:
        if folder == into:
            continue
        for key, line in _last_lines(folder)[0].items():
            if owners[key][0] == folder:
                store.append(Recorded.from_line(line))
                new += 1
    store.close()
    return new

"""What was passed over in a folder, counted and named by kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from harness.datasets.tree import Tree

_NAMED = 3  # of each kind


def passed_over(
    tree: Tree, files: Iterable[Path], again: Iterable[Path] = ()
) -> tuple[str, ...]:
    """A note that names what a walk left out, and those of its files; else none.

    Parameters
    ----------
    tree
        What was found.
    files
        Those of its files that are not read.
    again
        Those that are read by another path.
    """
    return _note(tree.root, _kinds(tree, files, again))


def beside(
    tree: Tree,
    leaves: Sequence[Path],
    files: Iterable[Path],
    again: Iterable[Path],
) -> dict[Path, tuple[str, ...]]:
    """The same by dataset, where folders below are several.

    What belongs to a folder lies below it and below no nearer one; what lies above all
    belongs to the first.
    """
    owned: dict[Path, dict[str, list[Path]]] = {leaf: {} for leaf in leaves}
    for kind, paths in _kinds(tree, files, again).items():
        for path in paths:
            owner = next((p for p in path.parents if p in owned), leaves[0])
            owned[owner].setdefault(kind, []).append(path)
    return {leaf: _note(tree.root, kinds) for leaf, kinds in owned.items()}


def _kinds(
    tree: Tree, files: Iterable[Path], again: Iterable[Path]
) -> dict[str, list[Path]]:
    kinds: dict[str, list[Path]] = {
        "hidden": list(tree.hidden),
        "linked a second time": sorted([*(path for path, _ in tree.again), *again]),
        "no file": list(tree.special),
    }
    for file in files:
        suffix = _shown(file.suffix.lower()) or "without a suffix"
        kinds.setdefault(suffix, []).append(file)
    return kinds


def _note(root: Path, kinds: dict[str, list[Path]]) -> tuple[str, ...]:
    counted = [
        f"{len(paths)} {kind} ({_some([_shown(p.relative_to(root)) for p in paths])})"
        for kind, paths in kinds.items()
        if paths
    ]
    return (f"passed over: {', '.join(counted)}",) if counted else ()


def left_out(root: Path, broken: Sequence[Path]) -> tuple[str, ...]:
    """A note that names pictures that cannot be read, so are left out; else none."""
    names = [_shown(path.relative_to(root)) for path in broken]
    noun = "picture" if len(names) == 1 else "pictures"
    return (f"left out: {len(names)} broken {noun} ({_some(names)})",) if names else ()


def classes_missing(
    present: Collection[int], classes: Sequence[str]
) -> tuple[str, ...]:
    """A note that names the classes without an image; else none.

    Examples
    --------
    >>> classes_missing({0, 2}, ("cat", "dog", "owl"))
    ('no images of class dog',)
    """
    absent = [name for i, name in enumerate(classes) if i not in present]
    if not absent:
        return ()
    several = f"{len(absent)} of {len(classes)} classes: " if absent[1:] else "class "
    return (f"no images of {several}{_some(absent)}",)


def _shown(name: Path | str) -> str:
    """A name from the disk in letters that every report can hold."""
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(name)
    )


def _some(names: Sequence[object]) -> str:
    return ", ".join(map(str, names[:_NAMED])) + (", ..." if names[_NAMED:] else "")

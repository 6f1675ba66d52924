"""Hierarchies: which classes are of one kind, at every level from the root down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import BadData, MissingData, UnknownName

NONE = -1  # superclass of a class that is in none
EDGES, CLASSES, NAMES = (
    *("class_hierarchy.txt", "dataset_class_info.json", "node_names.txt"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Superclasses:
    """Classes put together.

    Attributes
    ----------
    name
        What they are called together: "level2", "living17-balanced".
    of
        (k,) superclass of each class, numbers from 0; -1 where it is in none.
    names
        Of the superclasses.
    """

    name: str
    of: NDArray[np.int64]
    names: tuple[str, ...]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(s,) classes of each superclass."""
        return np.bincount(self.of[self.of != NONE], minlength=len(self.names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breeds:
    """One of the four tasks: superclasses of one level, below an ancestor.

    Attributes
    ----------
    level, ancestor
        Of the nodes that are its superclasses; empty for any ancestor.
    each
        Classes of a superclass in the balanced lists; nodes with fewer are left out.
    """

    level: int
    each: int
    ancestor: str = ""


#: Santurkar, Tsipras and Madry, "BREEDS", 2020, arXiv:2008.04859, table 1.
BREEDS: Mapping[str, Breeds] = {
    "entity13": Breeds(level=3, each=20),
    "entity30": Breeds(level=4, each=8),
    "living17": Breeds(level=5, each=4, ancestor="n00004258"),
    "nonliving26": Breeds(level=5, each=4, ancestor="n00021939"),
}
_SEED = 2  # of the published lists


class Hierarchy:
    """Nodes from parent to child, some of them classes.

    A node's level is its longest way from the root, in edges. Nodes without a class at
    them or below are none of it.

    Parameters
    ----------
    edges
        (parent, child) each.
    classes
        The class of a node, by the node; numbers in 0..k-1, each once.
    k
        How many classes there are.
    names
        What nodes are called, where not as they are written.
    where
        What errors call it.

    Raises
    ------
    BadData
        If it has no class, goes round in a circle, or two nodes are one class.
    """

    def __init__(
        self,
        edges: Iterable[tuple[str, str]],
        classes: Mapping[str, int],
        k: int,
        *,
        names: Mapping[str, str] | None = None,
        where: str = "the hierarchy",
    ) -> None:
        self.k, self._where, self._names = k, where, dict(names or {})
        parents: dict[str, set[str]] = {}
        for parent, child in edges:
            parents.setdefault(child, set()).add(parent)
            parents.setdefault(parent, set())
        self._classes = {node: classes[node] for node in classes if node in parents}
        if not self._classes:
            raise BadData(f"{where} must hold classes, got none; name some in it")
        numbers = set(self._classes.values())
        if len(numbers) < len(self._classes) or not numbers <= set(range(k)):
            raise BadData(
                f"classes of {where} must be in 0..{k - 1}, each once, got "
                f"{sorted(self._classes.values())!r:.80}"
            )
        self._levels = self._levels_of(parents)
        self._parents = {node: parents[node] for node in self._levels}

    def _levels_of(self, parents: Mapping[str, set[str]]) -> dict[str, int]:
        """Of the nodes above classes, these included; parents before children."""
        wanted: set[str] = set()
        waiting = list(self._classes)
        while waiting:
            node = waiting.pop()
            if node not in wanted:
                wanted.add(node)
                waiting += parents[node]
        roots = sum(not parents[node] for node in wanted)
        start = 1 if roots > 1 else 0  # below a root that is not written
        levels: dict[str, int] = {}
        while left := [node for node in wanted if node not in levels]:
            ready = [node for node in left if parents[node] <= levels.keys()]
            if not ready:
                raise BadData(
                    f"{self._where} must not go round in a circle, got one through "
                    f"{min(left)!r}; take an edge out"
                )
            levels |= {
                node: max((levels[one] + 1 for one in parents[node]), default=start)
                for node in ready
            }
        return levels

    @cached_property
    def depth(self) -> int:
        """The largest level."""
        return max(self._levels.values())

    @property
    def levels(self) -> tuple[int, ...]:
        """Those that put classes together: not the root, and some node not a class."""
        return tuple(
            level
            for level in range(1, self.depth + 1)
            if any(
                at == level and node not in self._classes
                for node, at in self._levels.items()
            )
        )

    @property
    def covered(self) -> NDArray[np.int64]:
        """Classes that are in it."""
        return np.array(sorted(self._classes.values()))

    def nodes(self, level: int) -> tuple[str, ...]:
        """The nodes of a level, classes among them, by name."""
        return tuple(sorted(n for n, at in self._levels.items() if at == level))

    def at(self, level: int) -> Superclasses:
        """Each class under the node of a level that it is, or is below.

        Raises
        ------
        BadData
            If there is no such level, or a class is below two nodes of it.
        """
        if not 0 <= level <= self.depth or not self.nodes(level):
            raise BadData(
                f"`level` must be in 0..{self.depth} of {self._where}, got {level}"
            )
        return self._together(f"level{level}", self.nodes(level))

    def breeds(self, task: str, *, balanced: bool) -> Superclasses:
        """One of BREEDS' four tasks.

        Parameters
        ----------
        task
            ``entity13``, ``entity30``, ``living17`` or ``nonliving26``.
        balanced
            As many classes of each superclass, drawn as published (seed 2); else all
            that can be reached, as Self-Classifier evaluates them.

        Raises
        ------
        UnknownName
            If it is none of these.
        BadData
            If the hierarchy is not that of ImageNet.
        """
        if task not in BREEDS:
            raise UnknownName("task of BREEDS", task, tuple(BREEDS))
        chosen = BREEDS[task]
        if chosen.ancestor and chosen.ancestor not in self._levels:
            raise BadData(
                f"{task} needs ImageNet's hierarchy, but {self._where} has no node "
                f"{chosen.ancestor}"
            )
        kind = "balanced" if balanced else "reachable"
        nodes = [
            node
            for node in (self.nodes(chosen.level) if chosen.level <= self.depth else ())
            if not chosen.ancestor or chosen.ancestor in self._above(node)
        ]
        found = self._together(f"{task}-{kind}", nodes)
        kept = np.flatnonzero(found.sizes >= chosen.each)
        if not len(kept):
            raise BadData(
                f"{task} needs superclasses of {chosen.each} classes at level "
                f"{chosen.level}, but {self._where} has none"
            )
        of = np.full(self.k, NONE)
        # The published lists come from this generator, one draw a superclass.
        rng = np.random.RandomState(_SEED)
        node_of = {number: node for node, number in self._classes.items()}
        for new, old in enumerate(kept):
            here = np.flatnonzero(found.of == old).tolist()
            members = sorted(here, key=lambda number: node_of[number])
            if balanced:
                drawn = rng.choice(len(members), chosen.each, replace=False)
                members = [members[i] for i in drawn]
            of[members] = new
        return Superclasses(
            name=found.name, of=of, names=tuple(found.names[i] for i in kept)
        )

    def _together(self, name: str, nodes: Sequence[str]) -> Superclasses:
        place = {node: i for i, node in enumerate(nodes)}
        of = np.full(self.k, NONE)
        for node, number in self._classes.items():
            above = [place[one] for one in self._above(node) if one in place]
            if len(above) > 1:
                both = " and ".join(sorted(nodes[i] for i in above)[:2])
                raise BadData(
                    f"class {node!r} must be below one node of a level, but {both} of "
                    f"{self._where} are above it; take an edge out"
                )
            if above:
                of[number] = above[0]
        names = tuple(self._names.get(node, node) for node in nodes)
        return Superclasses(name=name, of=of, names=names)

    def _above(self, node: str) -> set[str]:
        """A node and all above it."""
        found: set[str] = set()
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self._parents[one]
        return found


def read_hierarchy(path: Path, classes: Sequence[str]) -> Hierarchy:
    """A hierarchy over the classes of a base, from a text file or a published folder.

    Parameters
    ----------
    path
        Text with ``PARENT CHILD`` on each line, parted by a tab where names hold
        spaces; empty lines and those that begin with # are left out. Classes are
        called as in the base. Or a folder that holds `class_hierarchy.txt`,
        `dataset_class_info.json` (number, node and name of each class) and, for names,
        `node_names.txt`, as BREEDS-Benchmarks has it for ImageNet.
    classes
        Names of the base's classes.

    Raises
    ------
    MissingData, BadData
        If a file is not there or says something else.
    """
    if path.is_dir():
        return _published(path, len(classes))
    edges = _edges(path)
    named = {name: number for number, name in enumerate(classes)}
    parents = {parent for parent, _ in edges}
    for _, child in edges:
        if child not in parents and child not in named:
            raise UnknownName(f"class in {path}", child, tuple(classes))
    return Hierarchy(edges, named, len(classes), where=str(path))


def _published(folder: Path, k: int) -> Hierarchy:
    where = folder / CLASSES
    try:
        listed = json.loads(_text(where))
        classes = {str(node): int(number) for number, node, _ in listed}
    except (ValueError, TypeError, RecursionError) as error:
        raise BadData(
            f"{where} must be a JSON list of [number, node, name], got another: {error}"
        ) from error
    if len(classes) != k:
        raise BadData(
            f"{where} must be of the base's {k} classes, got {len(classes)}; choose a "
            "hierarchy of this base"
        )
    names: dict[str, str] = {}
    if (folder / NAMES).is_file():
        lines = _text(folder / NAMES).splitlines()
        names = dict(line.split("\t", 1) for line in lines if "\t" in line)
    return Hierarchy(_edges(folder / EDGES), classes, k, names=names, where=str(folder))


def _edges(path: Path) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        parts = [part.strip() for part in text.split("\t")]
        if len(parts) == 1:
            parts = text.split()
        if len(parts) != 2 or not all(parts):
            raise BadData(
                f"line {number} of {path} must be PARENT CHILD, got {text!r:.60}; part "
                "them by a tab where names hold spaces"
            )
        found.append((parts[0], parts[1]))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingData(
            "hierarchy of classes", [path], "name a text file, or a published folder"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path} cannot be read: {error}; save it as UTF-8") from error


_ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
_MACHINES = ("airplane", "automobile", "ship", "truck")


def cifar10_hierarchy(classes: Sequence[str]) -> Hierarchy:
    """Animals and machines, the two kinds of things in CIFAR-10."""
    edges = [("animals", name) for name in _ANIMALS]
    edges += [("machines", name) for name in _MACHINES]
    named = {name: number for number, name in enumerate(classes)}
    return Hierarchy(edges, named, len(classes), where="CIFAR-10's hierarchy")

"""Plan: the cells that a run collected, by node id, and the gates on their tests.

A node id is for people: what is in its brackets may be parameters of a test's own, in
any order. So which model and dataset a cell is of travels beside it, between processes
too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from harness.measurement import NO_AXES, Axes, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A test with parameters of its own: what all its cells have in common.

    Attributes
    ----------
    test
        Node id without parameters.
    metric, by_parameter
        What it records by convention, and whether a parameter says so.
    axes
        What its other parameters vary.
    aggregates
        Names of what is made of its rows, by its markers.
    """

    test: str
    metric: str
    by_parameter: bool = False
    axes: Axes = NO_AXES
    aggregates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell that is to be measured.

    Attributes
    ----------
    nodeid
        Of its test, with parameters.
    variant, model, dataset, family
        What the node id means; the last two may be empty: see `Place`.
    """

    nodeid: str
    variant: Variant
    model: str
    dataset: str = ""
    family: str = ""

    @property
    def place(self) -> Place:
        """What it measures, and on what."""
        return Place(self.model, self.dataset, self.family)

    @property
    def parameters(self) -> str:
        """What stands in the brackets of the node id."""
        return self.nodeid.removeprefix(self.variant.test)[1:].removesuffix("]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a process collected.

    Attributes
    ----------
    cells
        In the order of collection.
    gates
        Texts of the markers of all chosen tests, each once.
    conftests
        Files of those that register something; see `harness.conftests`.
    elsewhere
        How many tests are left to other shards.
    refused
        Why options that tests are spread by cannot be, each once.
    unmatched
        Lines about words of -k and -m, where they have left nothing to run.
    """

    cells: tuple[PlannedCell, ...] = ()
    gates: tuple[str, ...] = ()
    conftests: tuple[str, ...] = ()
    elsewhere: int = 0
    refused: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As text, with what cells share written once."""
        variants = list(dict.fromkeys(cell.variant for cell in self.cells))
        spots = list(dict.fromkeys(cell.place[:3] for cell in self.cells))
        places = {variant: i for i, variant in enumerate(variants)}
        of_spot = {spot: i for i, spot in enumerate(spots)}
        return json.dumps(
            {
                "variants": [asdict(variant) for variant in variants],
                "spots": spots,
                "cells": [
                    [cell.nodeid, places[cell.variant], of_spot[cell.place[:3]]]
                    for cell in self.cells
                ],
                "gates": self.gates,
                "conftests": self.conftests,
                "elsewhere": self.elsewhere,
                "refused": self.refused,
                "unmatched": self.unmatched,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`."""
        content = json.loads(text)
        variants = [
            Variant(
                **{
                    **made,
                    "axes": Axes(map(tuple, made["axes"])),
                    "aggregates": tuple(made["aggregates"]),
                }
            )
            for made in content["variants"]
        ]
        return cls(
            cells=tuple(
                PlannedCell(nodeid, variants[i], *content["spots"][j])
                for nodeid, i, j in content["cells"]
            ),
            gates=tuple(content["gates"]),
            conftests=tuple(content["conftests"]),
            elsewhere=content["elsewhere"],
            refused=tuple(content["refused"]),
            unmatched=tuple(content["unmatched"]),
        )


def pair_ids(pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """MODEL-DATASET, or MODEL:DATASET where that would be another pair's too.

    Colons in names are escaped then, so that no two pairs are called alike.

    Examples
    --------
    >>> pair_ids([("a", "c"), ("a-b", "c"), ("a", "b-c")])
    ('a-c', 'a-b:c', 'a:b-c')
    """
    plain = [f"{model}-{dataset}" for model, dataset in pairs]
    times = Counter(plain)
    return tuple(
        one if times[one] == 1 and ":" not in one else ":".join(map(_escaped, pair))
        for one, pair in zip(plain, pairs, strict=True)
    )


def _escaped(name: str) -> str:
    return name.replace("%", "%25").replace(":", "%3A")

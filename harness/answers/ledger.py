"""Ledger: what came of keeping answers, from every process to the report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Self

# Why a forward pass was made.
NEW = "nothing was kept"
DAMAGED = "what was kept is damaged"
LOGITS = "for logits, where predictions alone are kept"
FEATURES = "for features, which are never kept"


@dataclass(slots=True)
class Ledger:
    """What came of keeping, since somebody last asked.

    Attributes
    ----------
    read
        Answers to a dataset under a view that were found, and cost no forward pass.
    written, size
        Files that were written, and their bytes.
    passes
        Forward passes that were made, by why.
    damaged
        What was found to be, by file and for people.
    refused
        Why no more is written; empty where nothing speaks against it.
    """

    read: int = 0
    written: int = 0
    size: int = 0
    passes: dict[str, int] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    refused: str = ""

    def add(self, other: Ledger) -> None:
        """Have what another has, too."""
        self.read += other.read
        self.written += other.written
        self.size += other.size
        for why, n in other.passes.items():
            self.passes[why] = self.passes.get(why, 0) + n
        self.damaged += other.damaged
        self.refused = self.refused or other.refused

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return self != Ledger()

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`."""
        return cls(**json.loads(text))

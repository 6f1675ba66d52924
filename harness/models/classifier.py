"""Classifier: a network that tells the classes of its base apart."""

from __future__ import annotations

from dataclasses import dataclass

from harness.models.network import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier(Network):
    """A network with classes; what enters its `head` gives the logits.

    Attributes
    ----------
    classes
        Number of logits, k.
    """

    classes: int

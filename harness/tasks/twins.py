"""Twins: the same network with random weights, beside which a score means something."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from harness.errors import UndefinedMetricError
from harness.models.entry import ModelEntry
from harness.models.network import Network, ready
from harness.models.untrained import SEEDS, drawn_network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.datasets.family import Base
    from harness.models.entry import Registered
    from harness.tasks.frozen import Encode, Pixels

__all__ = ["SEEDS", "encoder", "random_twin"]


def random_twin(entry: Registered, base: Base, *, seed: int, device: str) -> Network:
    """A model's network as its factory makes it, in eval mode, with its scaling.

    It gives the features that enter its last linear layer, or that it gives where it
    has none.

    Parameters
    ----------
    entry
        Of the model.
    base
        What it was trained on.
    seed
        Of the random weights.
    device
        Where it will run.

    Raises
    ------
    UndefinedMetricError
        If nothing is known that makes the network anew: a user's own comes with its
        weights.
    """
    if not isinstance(entry, ModelEntry):
        raise UndefinedMetricError(
            f"model {entry.name} has no twin with random weights: what makes its "
            "network is not known apart from them"
        )
    network = drawn_network(entry, seed)
    facts = json.dumps([entry.identity(), seed, "random"], sort_keys=True)
    return Network(
        name=f"{entry.name} with random weights, seed {seed}",
        network=ready(network, device),
        mean=entry.mean,
        std=entry.std,
        fingerprint=hashlib.sha256(facts.encode()).hexdigest(),
        head=entry.head,
        geometry=entry.geometry if base.geometry else None,
    )


def encoder(network: Network, *, device: str, batch_size: int) -> Encode:
    """From uint8 images to the features that enter a network's last layer."""
    from harness.answers.predictions import Predictions
    from harness.datasets.dataset import Dataset
    from harness.datasets.images import ArrayImages
    from harness.measurement import Domain

    def encode(pixels: Pixels) -> NDArray[np.float64]:
        images = ArrayImages(pixels=pixels, labels=None)
        shown = Dataset(
            name="shown", family="shown", domain=Domain.INTERIOR, load=lambda: images
        )
        said = Predictions(lambda: network, shown, device=device, batch_size=batch_size)
        return said.features()

    return encode

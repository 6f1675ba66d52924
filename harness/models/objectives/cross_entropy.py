"""Cross entropy of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.models.objectives.objective import classes_of
from harness.models.processes import Processes

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches
    from harness.models.recipe import Recipe


class CrossEntropy:
    """Of labels, over images that are shifted and mirrored as the recipe says."""

    def __init__(self, recipe: Recipe, processes: Processes) -> None:
        self._shift, self._flip = recipe.shift, recipe.flip
        self._processes = processes

    def check(self, network: Any, batches: Batches) -> None:
        """Any can."""

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean over the batch's images."""
        import torch

        x, y = batches.of(which, shift=self._shift, flip=self._flip)
        logits = network(self._processes.mine(x))
        logits = self._processes.gathered(logits, len(x))
        return torch.nn.functional.cross_entropy(logits, y), logits.argmax(1)

    def right(self, given: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
        """Those that were given their label."""
        return int((given == labels).sum()) / len(labels)

    def asked(self, batches: Batches) -> NDArray[np.int64]:
        """The labels."""
        return np.asarray(batches.labels, dtype=np.int64)

    def said(self, network: Any, batches: Batches) -> NDArray[np.int64]:
        """The largest logit."""
        return classes_of(network, batches)

    def state(self) -> dict[str, torch.Tensor]:
        """Nothing."""
        return {}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Nothing."""

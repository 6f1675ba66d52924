"""Cross entropy of labels: of one an image, or of each class where several hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import HarnessError
from harness.models.objectives.objective import classes_of, logits_of
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
        x, y = batches.of(which, shift=self._shift, flip=self._flip, crop=True)
        logits = network(self._processes.mine(x))
        logits = self._processes.gathered(logits, len(x))
        return self.loss(logits, y), logits.argmax(1)

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """() of (b, k) logits and (b,) labels."""
        import torch

        return torch.nn.functional.cross_entropy(logits, labels)

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


class BinaryCrossEntropy(CrossEntropy):
    """Of each class by itself, over images of which several classes may hold.

    Said is what has a probability above one half, a logit above 0; right is an image of
    which that is all that holds, and no more.
    """

    def check(self, network: Any, batches: Batches) -> None:
        """A network with a logit a class can."""
        import torch

        with torch.no_grad():
            training, _ = network.training, network.eval()
            logits = network(batches.of(torch.arange(1))[0])
            network.train(training)
        if logits.shape[1:] != batches.labels.shape[1:]:
            raise HarnessError(
                f"the network must have {batches.labels.shape[1]} logits, one a class, "
                f"got {tuple(logits.shape[1:])}"
            )

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean over the batch's images and classes; (b, k) bool."""
        import torch

        x, y = batches.of(which, shift=self._shift, flip=self._flip, crop=True)
        logits = network(self._processes.mine(x))
        logits = self._processes.gathered(logits, len(x))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y.float())
        return loss, logits > 0

    def right(self, given: NDArray[Any], labels: NDArray[Any]) -> float:
        """Those of which all that holds was said, and nothing else."""
        return float((given == labels).all(axis=1).mean())

    def asked(self, batches: Batches) -> NDArray[Any]:
        """(n, k) what holds."""
        return np.asarray(batches.labels, dtype=np.bool_)

    def said(self, network: Any, batches: Batches) -> NDArray[Any]:
        """(n, k) logits above 0."""
        return logits_of(network, batches) > 0

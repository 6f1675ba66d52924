"""What an objective is: a loss over batches, and how right a network is by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches

EVALUATED = 512  # images a call when nothing is learned


class Objective(Protocol):
    """A loss over batches."""

    def check(self, network: Any, batches: Batches) -> None:
        """Refuse what cannot be trained so, HarnessError; and look at the images once.

        It is called before the first step, and before anything is restored.
        """

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """() the loss of a batch, and (b,) what was said of each of its images.

        In each of several processes the whole loss, with the gradient of its own images
        (`Processes.gathered`).
        """

    def right(self, given: NDArray[Any], labels: NDArray[Any]) -> float:
        """Share in [0, 1] of images of which what was said is right."""

    def asked(self, batches: Batches) -> NDArray[Any]:
        """(n,) what would be right of each image of a set, in `said`."""

    def said(self, network: Any, batches: Batches) -> NDArray[Any]:
        """(n,) what the network says of each image, in eval mode; the same every time.

        Classes from 0: with `asked`, what the record of a training holds. Where several
        classes may hold, (n, k) bool, as `asked`.
        """

    def state(self) -> dict[str, torch.Tensor]:
        """What a checkpoint keeps of it."""

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """As it was when `state` was asked for."""


def classes_of(network: Any, batches: Batches) -> NDArray[np.int64]:
    """(n,) the class with the largest logit for each image, of ties the lowest."""
    return np.asarray(logits_of(network, batches).argmax(axis=1), dtype=np.int64)


def logits_of(network: Any, batches: Batches) -> NDArray[np.float32]:
    """(n, k) what the network says of each image in eval mode."""
    import torch

    network.eval()
    found = []
    with torch.no_grad():
        for which in torch.split(torch.arange(batches.n), EVALUATED):
            found.append(network(batches.of(which)[0]).float().cpu().numpy())
    return np.concatenate(found)

"""Rotation: by how many quarter turns was the image turned?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.models.objectives.pretext import PretextObjective
from harness.models.pretext.cutting import label_order
from harness.models.pretext.options import Rotation

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches

TURNS = 4


class RotationObjective(PretextObjective[Rotation]):
    """Cross entropy of the number of turns, over all four copies of each image.

    Images are moved and mirrored before they are turned, and turned by moving pixels,
    so that nothing but what is in them says which way is up.

    References
    ----------
    Gidaris, Singh, Komodakis, ICLR 2018, arXiv:1803.07728.
    """

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean over images and turns; the share of an image's that were told."""
        import torch

        images = self.augmented(batches, which)
        n = len(images)
        if self.options.all_turns:
            labels = torch.arange(TURNS).expand(n, TURNS)
        else:
            labels = torch.randint(0, TURNS, (n, 1))
        mine, own = self.processes.mine(images), self.processes.mine(labels)
        copies = torch.cat([turned(mine, turns) for turns in own.unbind(1)])
        logits = network.solver(network(copies))
        logits = torch.stack(logits.chunk(own.shape[1]), dim=1)  # (b, copies, 4)
        logits = self.processes.gathered(logits, n)
        labels = labels.to(logits.device)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return loss, (logits.argmax(2) == labels).float().mean(1)

    def asked(self, batches: Batches) -> NDArray[np.int64]:
        """0, 1, 2, 3, 0, ...: turns of each image."""
        return np.asarray(label_order(batches.n, TURNS).numpy())

    def said(self, network: Any, batches: Batches) -> NDArray[np.int64]:
        """The turns that the network takes each for."""
        labels = label_order(batches.n, TURNS)
        found = [
            network.solver(network(turned(images, labels[which]))).argmax(1).cpu()
            for which, images, _ in self.looked_at(network, batches)
        ]
        return np.concatenate([part.numpy() for part in found])


def turned(images: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """(b, c, s, s) each image by its own (b,) quarter turns, counter-clockwise."""
    import torch

    every = torch.stack([images.rot90(k, dims=(-2, -1)) for k in range(TURNS)])
    return every[turns.to(images.device), torch.arange(len(images))]

"""Context: which of the eight neighbours of a patch is another?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.models.objectives.jigsaw import features_of, takes
from harness.models.objectives.pretext import PretextObjective
from harness.models.pretext.cutting import (
    CENTRE,
    NEIGHBOURS,
    colour_dropped,
    cut_patches,
    label_order,
    resampled,
)
from harness.models.pretext.options import Context

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches

#: Places of the eight neighbours among all nine patches, row by row.
_PLACES = tuple(3 * row + column for row, column in NEIGHBOURS)


class ContextObjective(PretextObjective[Context]):
    """Cross entropy of the neighbour's place, over all eight pairs of each image.

    References
    ----------
    Doersch, Gupta, Efros, ICCV 2015, arXiv:1505.05192.
    """

    def check(self, network: Any, batches: Batches) -> None:
        """It must take patches as they are, where they are not brought to size."""
        super().check(network, batches)
        side = batches.size[0]
        takes(network, self.options.patches(side).patch, batches, self.options.resize)

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean over images and pairs; the share of an image's that were told."""
        import torch

        images = self.augmented(batches, which)
        n = len(images)
        pieces = self.processes.mine(self._shown(images, batches, None))
        logits = self._logits(network, pieces, batches)
        logits = self.processes.gathered(logits, n)
        labels = torch.arange(len(_PLACES), device=logits.device).expand(n, -1)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return loss, (logits.argmax(2) == labels).float().mean(1)

    def _shown(
        self,
        images: torch.Tensor,
        batches: Batches,
        generator: torch.Generator | None,
    ) -> torch.Tensor:
        """(b, 9, c, p, p): the patches, with the defences."""
        options = self.options
        layout = options.patches(batches.size[0])
        pieces = cut_patches(images, layout, generator=generator)
        if options.resample:
            pieces = resampled(pieces, options.resample, generator=generator)
        if options.drop_colour:
            pieces = colour_dropped(pieces, generator=generator)
        return pieces

    def _logits(
        self, network: Any, pieces: torch.Tensor, batches: Batches
    ) -> torch.Tensor:
        """(b, 8, 8) logits of each of the eight pairs."""
        import torch

        features = features_of(network, pieces, batches, self.options.resize)
        others = features[:, list(_PLACES)]
        centre = features[:, CENTRE, None].expand_as(others)
        pairs = torch.stack([centre, others], dim=2)  # (b, 8, 2, d)
        logits: torch.Tensor = network.solver(pairs.flatten(0, 1))
        return logits.view(len(pieces), len(_PLACES), -1)

    def asked(self, batches: Batches) -> NDArray[np.int64]:
        """0, 1, ..., 7, 0, ...: the neighbour that is asked of each image."""
        return np.asarray(label_order(batches.n, len(_PLACES)).numpy())

    def said(self, network: Any, batches: Batches) -> NDArray[np.int64]:
        """The neighbour that the network takes it for."""
        import torch

        labels = torch.from_numpy(self.asked(batches))
        found = []
        for which, images, generator in self.looked_at(network, batches):
            logits = self._logits(
                network, self._shown(images, batches, generator), batches
            )
            own = logits[torch.arange(len(which)), labels[which].to(logits.device)]
            found.append(own.argmax(1).cpu().numpy())
        return np.concatenate(found)

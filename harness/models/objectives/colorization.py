"""Colorization: which colours has each cell of an image that is shown in grey?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import HarnessError
from harness.models.objectives.objective import EVALUATED
from harness.models.objectives.pretext import PretextObjective
from harness.models.pretext import colours
from harness.models.pretext.options import Colorization

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches


class ColorizationObjective(PretextObjective[Colorization]):
    """Cross entropy of each cell's colours, as shares of bins in the plane of a and b.

    Bins are those that occur in the training images; a colour of other images counts
    as the nearest of them. With `rebalance` a cell counts by the mean weight of its
    colours, `colours.weights`.

    References
    ----------
    Zhang, Isola, Efros, ECCV 2016, arXiv:1603.08511, section 2; Larsson, Maire,
    Shakhnarovich, ECCV 2016, arXiv:1603.06668, for histograms of regions.
    """

    _nearest: torch.Tensor  # (bins,)
    _weights: torch.Tensor  # (bins,) float32

    def check(self, network: Any, batches: Batches) -> None:
        """Count the colours of the training images; HarnessError if there are none."""
        import torch

        super().check(network, batches)
        counts = torch.zeros(colours.BINS, dtype=torch.float64)
        for which in torch.split(torch.arange(batches.n), EVALUATED):
            bins = _bins(batches.plain(batches.of(which)[0])).flatten().cpu()
            counts += torch.bincount(bins, minlength=colours.BINS)
        shares = counts / counts.sum()
        if int((shares > 0).sum()) < 2:
            raise HarnessError(
                "colorization must have images in colour, got grey ones in three "
                "channels; choose another objective or another base"
            )
        device = network.solver.shares.device
        network.solver.shares.copy_(shares)
        self._nearest = colours.nearest(shares > 0).to(device)
        self._weights = colours.weights(shares).float().to(device)

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean over cells; whether an image's beat the shares of all images."""
        images = self.augmented(batches, which)
        shown, target = self._shown(images, batches)
        logs = network.solver(network(self.processes.mine(shown)))
        logs = self.processes.gathered(logs, len(images))
        nats = -(target * logs).sum(dim=2)  # (b, cells)
        counted = target @ self._weights if self.options.rebalance else 1.0
        return (counted * nats).mean(), self._beaten(network, target, nats.detach())

    def _shown(
        self, images: torch.Tensor, batches: Batches
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Images in grey, and (b, cells, bins) the colours that they had."""
        rgb = batches.plain(images)
        bins = self._nearest[_bins(rgb)]
        grid = self.options.grid(images.shape[-1])
        return batches.scaled(colours.grey(rgb)), colours.histograms(bins, grid)

    def _beaten(
        self, network: Any, target: torch.Tensor, nats: torch.Tensor
    ) -> torch.Tensor:
        """(b,) 1 where an image's colours cost less than by their shares in all."""
        shares: torch.Tensor = network.solver.shares
        logs = shares.clamp_min(1e-300).log().float()
        marginal = -(target @ logs).mean(dim=1)
        return (nats.mean(dim=1) < marginal).float()

    def asked(self, batches: Batches) -> NDArray[np.int64]:
        """1: that the colours are told better than by their shares in all images."""
        return np.ones(batches.n, dtype=np.int64)

    def said(self, network: Any, batches: Batches) -> NDArray[np.int64]:
        """1 where they are, 0 where they are not."""
        found = []
        for _, images, _ in self.looked_at(network, batches):
            shown, target = self._shown(images, batches)
            nats = -(target * network.solver(network(shown))).sum(dim=2)
            found.append(self._beaten(network, target, nats).long().cpu().numpy())
        return np.concatenate(found)


def _bins(rgb: torch.Tensor) -> torch.Tensor:
    """(n, h, w) of (n, 3, h, w) in [0, 1]."""
    ab = colours.lab(rgb.movedim(1, -1))[..., 1:]
    return colours.bins_of(ab)

"""Jigsaw: in which order do the tiles of the image stand?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import HarnessError
from harness.models.objectives.pretext import PretextObjective
from harness.models.pretext.cutting import (
    brought,
    cut_tiles,
    label_order,
    standardised,
)
from harness.models.pretext.options import Jigsaw

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches


class JigsawObjective(PretextObjective[Jigsaw]):
    """Cross entropy of the order; tiles go through the network one by one.

    Each image is shown in one order a step, drawn from a set of orders that are far
    from one another.

    References
    ----------
    Noroozi, Favaro, ECCV 2016, arXiv:1603.09246.
    """

    def check(self, network: Any, batches: Batches) -> None:
        """It must take tiles as they are, where they are not brought to size."""
        super().check(network, batches)
        side = batches.size[0]
        takes(network, self.options.tiles(side).tile, batches, self.options.resize)

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean over images; whether the order of each was told."""
        import torch

        images = self.augmented(batches, which)
        n = len(images)
        orders = self.options.orders(batches.size[0])
        labels = torch.randint(0, len(orders), (n,))
        pieces = self._shown(images, labels, batches, None)
        logits = self._logits(network, self.processes.mine(pieces), batches)
        logits = self.processes.gathered(logits, n)
        labels = labels.to(logits.device)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        return loss, (logits.argmax(1) == labels).float()

    def _shown(
        self,
        images: torch.Tensor,
        labels: torch.Tensor,
        batches: Batches,
        generator: torch.Generator | None,
    ) -> torch.Tensor:
        """(b, p, c, t, t): tile i of each is tile ``order[i]`` of the image."""
        import torch

        options, side = self.options, batches.size[0]
        pieces = cut_tiles(
            images,
            options.tiles(side),
            jitter=options.jitter,
            channel_shift=options.shift(batches.size),
            generator=generator,
        )
        if options.standardise:
            pieces = standardised(pieces)
        order = torch.tensor(options.orders(side))[labels].to(pieces.device)
        at = torch.arange(len(pieces), device=pieces.device)[:, None]
        ordered: torch.Tensor = pieces[at, order]
        return ordered

    def _logits(
        self, network: Any, pieces: torch.Tensor, batches: Batches
    ) -> torch.Tensor:
        """(b, orders) of (b, p, c, t, t)."""
        features = features_of(network, pieces, batches, self.options.resize)
        logits: torch.Tensor = network.solver(features)
        return logits

    def asked(self, batches: Batches) -> NDArray[np.int64]:
        """0, 1, 2, ...: the order of each image."""
        orders = self.options.orders(batches.size[0])
        return np.asarray(label_order(batches.n, len(orders)).numpy())

    def said(self, network: Any, batches: Batches) -> NDArray[np.int64]:
        """The order that the network takes each for."""
        import torch

        labels = torch.from_numpy(self.asked(batches))
        found = []
        for which, images, generator in self.looked_at(network, batches):
            pieces = self._shown(images, labels[which], batches, generator)
            found.append(self._logits(network, pieces, batches).argmax(1).cpu().numpy())
        return np.concatenate(found)


def features_of(
    network: Any, pieces: torch.Tensor, batches: Batches, resize: bool
) -> torch.Tensor:
    """(b, p, d) of (b, p, c, t, t), each piece by itself, brought to size if asked."""
    flat = pieces.flatten(0, 1)
    if resize:
        flat = brought(flat, batches.size[0])
    found: torch.Tensor = network(flat)
    return found.view(*pieces.shape[:2], *found.shape[1:])


def takes(network: Any, side: int, batches: Batches, resize: bool) -> None:
    """Refuse a network that takes no pieces of a side; HarnessError."""
    import torch

    if resize:
        return
    network.eval()
    images = batches.of(torch.arange(min(2, batches.n)))[0]
    try:
        with torch.no_grad():
            network.solver.each(network(images[:, :, :side, :side]))
    except RuntimeError as error:
        raise HarnessError(
            f"the network takes no pieces of {side}x{side}, but perhaps those of its "
            f"images' own size, {batches.size[0]}: leave --no-resize out, or choose a "
            "network that pools over positions, such as nin"
        ) from error

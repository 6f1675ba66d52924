"""Inpainting: what is in the square that was taken out?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.models.objectives.objective import EVALUATED
from harness.models.objectives.pretext import PretextObjective
from harness.models.pretext.cutting import hidden_squares, in_square, windows
from harness.models.pretext.options import Inpainting

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from harness.models.batches import Batches


class InpaintingObjective(PretextObjective[Inpainting]):
    """Squared error of the pixels in a square, and what a discriminator says of it.

    ``L = (1 - s) mean(w (x - F(shown))^2) + s L_adv``, w 1 in the square, more in its
    ring that is shown, and 0 elsewhere, with mean 1 over the square; s is
    `adversarial`, and L_adv the logistic loss of squares that are to pass for real
    ones. The discriminator is trained in the same steps, to tell them apart.

    References
    ----------
    Pathak, Krähenbühl, Donahue, Darrell, Efros, CVPR 2016, arXiv:1604.07379.
    """

    _mean: torch.Tensor  # (c, h, w): what the training images are on average

    def check(self, network: Any, batches: Batches) -> None:
        """Look at the mean of the images: who knows nothing fills that in."""
        super().check(network, batches)
        self._mean = mean_image(batches)

    def step(
        self, network: Any, batches: Batches, which: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss; whether each square is nearer to the image than the mean is."""

        images = self.augmented(batches, which)
        n = len(images)
        shown, weight, corner = self._shown(images, None)
        painted = network.solver(network(self.processes.mine(shown)))
        every = self.processes.gathered(painted, n)
        loss = (weight * (images - every) ** 2).mean()
        given = self._nearer(images, every.detach(), weight)
        if share := self.options.adversarial:
            own = [self.processes.mine(part) for part in (images, *corner)]
            fooled, caught = self._doubts(network.solver.doubt, painted, own, n)
            # The discriminator's own loss is learned from and not told of.
            loss = (1 - share) * loss + share * fooled + (caught - caught.detach())
        return loss, given

    def _shown(
        self, images: torch.Tensor, generator: torch.Generator | None
    ) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Images with the mean colour in the square, weights, and its corner.

        Weights are (b, 1, h, w) with mean 1 over the whole image.
        """
        import torch

        n, side = len(images), images.shape[-1]
        square, ring = self.options.square(side), self.options.ring(side)
        top, left = hidden_squares(
            n, side, square, anywhere=self.options.anywhere, generator=generator
        )
        top, left = top.to(images.device), left.to(images.device)
        asked = in_square(top, left, side, square)
        hidden = in_square(top + ring, left + ring, side, square - 2 * ring)
        # Images are normalised: the mean colour of the training images is about 0.
        shown = torch.where(hidden, torch.zeros_like(images), images)
        weight = asked.float() + (self.options.overlap_weight - 1) * (asked & ~hidden)
        weight = weight / weight.mean(dim=(1, 2, 3), keepdim=True)
        return shown, weight, (top, left)

    def _doubts(
        self, doubt: Any, painted: torch.Tensor, own: list[torch.Tensor], n: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Losses of who paints, () with its gradient alone, and of who doubts."""
        import torch

        images, top, left = own
        square = self.options.square(images.shape[-1])
        shape = len(images), 1, images.shape[1]
        tops, lefts = (part[:, None, None].expand(shape) for part in (top, left))
        real, fake = (windows(x, tops, lefts, square)[:, 0] for x in (images, painted))
        frozen = {name: value.detach() for name, value in doubt.named_parameters()}
        logits = {
            "painter": torch.func.functional_call(doubt, frozen, (fake,)),
            "real": doubt(real),
            "fake": doubt(fake.detach()),
        }
        softplus = torch.nn.functional.softplus
        every = {k: self.processes.gathered(v, n) for k, v in logits.items()}
        caught = softplus(-every["real"]).mean() + softplus(every["fake"]).mean()
        return softplus(-every["painter"]).mean(), caught

    def _nearer(
        self, images: torch.Tensor, painted: torch.Tensor, weight: torch.Tensor
    ) -> torch.Tensor:
        """(b,) 1 where an image's square is painted better than by the mean image."""
        of_mean = (weight * (images - self._mean) ** 2).sum(dim=(1, 2, 3))
        of_painted = (weight * (images - painted) ** 2).sum(dim=(1, 2, 3))
        return (of_painted < of_mean).float()

    def asked(self, batches: Batches) -> NDArray[np.int64]:
        """1: that the square is painted better than by the mean image."""
        return np.ones(batches.n, dtype=np.int64)

    def said(self, network: Any, batches: Batches) -> NDArray[np.int64]:
        """1 where it is, 0 where it is not."""
        found = []
        for _, images, generator in self.looked_at(network, batches):
            shown, weight, _ = self._shown(images, generator)
            painted = network.solver(network(shown))
            found.append(self._nearer(images, painted, weight).long().cpu().numpy())
        return np.concatenate(found)


def mean_image(batches: Batches) -> torch.Tensor:
    """(c, h, w) the mean of all images, normalised."""
    import torch

    parts = torch.split(torch.arange(batches.n), EVALUATED)
    sums = torch.stack([batches.of(which)[0].sum(dim=0) for which in parts])
    return sums.sum(dim=0) / batches.n

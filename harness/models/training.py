"""Training: small classifiers from a base's training images, reproducibly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from harness.datasets.dataset import Images


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is trained: AdamW, a one-cycle learning rate, cross entropy.

    Attributes
    ----------
    epochs, batch_size
        Passes over the images; images a step.
    learning_rate, weight_decay
        Peak of the cycle; decoupled decay.
    shift
        Each image is moved by up to this many pixels each way, edges filled with 0.
    """

    epochs: int
    learning_rate: float
    batch_size: int = 64
    weight_decay: float = 1e-2
    shift: int = 0

    def identity(self) -> dict[str, Any]:
        """What a trained model's cache key says of the recipe."""
        return asdict(self)


def train(
    build: Callable[[], torch.nn.Module],
    images: Images,
    recipe: Recipe,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    seed: int,
    tell: Callable[[str], None],
) -> torch.nn.Module:
    """Train a network on the CPU; the same seed gives the same weights on one machine.

    Parameters
    ----------
    build
        Makes the network; its random start comes from `seed` too.
    images
        Labelled.
    tell
        Is shown a line now and then.

    Returns
    -------
    torch.nn.Module
        In eval mode. The global random state is as it was before.
    """
    import torch

    assert images.labels is not None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build().train()
        pixels = torch.from_numpy(np.array(images.pixels)).permute(0, 3, 1, 2).float()
        pixels = (pixels / 255 - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(
            std
        ).view(-1, 1, 1)
        # What a black pixel is after normalisation fills in where an image moved away.
        black = -torch.tensor(mean) / torch.tensor(std)
        labels = torch.from_numpy(images.labels)
        n, steps = len(pixels), -(-len(pixels) // recipe.batch_size)
        optimiser = torch.optim.AdamW(
            network.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            max_lr=recipe.learning_rate,
            total_steps=recipe.epochs * steps,
        )
        for epoch in range(recipe.epochs):
            order = torch.randperm(n)
            right = 0
            for batch in torch.split(order, recipe.batch_size):
                x = _shifted(pixels[batch], recipe.shift, black)
                logits = network(x)
                loss = torch.nn.functional.cross_entropy(logits, labels[batch])
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
                right += int((logits.argmax(1) == labels[batch]).sum())
            if (epoch + 1) % 20 == 0 or epoch + 1 == recipe.epochs:
                tell(f"epoch {epoch + 1}/{recipe.epochs}, {right / n:.1%} right")
        return network.eval()


def _shifted(images: torch.Tensor, reach: int, fill: torch.Tensor) -> torch.Tensor:
    """Move every image of a batch by its own whole number of pixels."""
    import torch

    if not reach:
        return images
    b, c, h, w = images.shape
    padded = fill.view(1, c, 1, 1).expand(b, c, h + 2 * reach, w + 2 * reach).clone()
    padded[:, :, reach : reach + h, reach : reach + w] = images
    dy, dx = torch.randint(0, 2 * reach + 1, (2, b))
    rows = (dy[:, None] + torch.arange(h))[:, None, :, None]
    columns = (dx[:, None] + torch.arange(w))[:, None, None, :]
    which = torch.arange(b)[:, None, None, None]
    return padded[which, torch.arange(c)[None, :, None, None], rows, columns]

"""Training of the zoo's simple models: whole-batch tensor operations, seeded."""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from harness.models.entry import Recipe


def train(
    network: nn.Module,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    recipe: Recipe,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: Callable[[str], None] | None = None,
) -> None:
    """Train a network in place and leave it in eval mode.

    Every random choice follows from `seed`: a second run on the same machine, with as
    many threads, gives the same weights bit by bit. The global generators are left as
    they were.

    Parameters
    ----------
    network
        Normalised float (n, c, h, w) to (n, k) logits; moved to `device`.
    pixels
        (n, h, w, c) images.
    labels
        (n,) classes.
    recipe
        How.
    mean, std
        Per channel, of images scaled to [0, 1].
    progress
        Called with one line per epoch.

    Raises
    ------
    ValueError
        If images and labels do not match, or the loss stops being finite.
    """
    _check(pixels, labels, mean)
    device = torch.device(device)
    # Once, whole, as uint8: the training sets of these models fit on any device.
    images = torch.tensor(pixels, device=device).permute(0, 3, 1, 2).contiguous()
    classes = torch.tensor(labels, device=device)
    scale = [torch.tensor(v, device=device).view(1, -1, 1, 1) for v in (mean, std)]
    generator = torch.Generator().manual_seed(seed)  # on the CPU for every device
    network.to(device).train()
    optimiser = make_optimiser(network, recipe)
    steps = math.ceil(len(images) / recipe.batch)
    with torch.random.fork_rng(devices=_cuda(device)), torch.enable_grad():
        torch.manual_seed(seed)  # of dropout
        for epoch in range(recipe.epochs):
            order = torch.randperm(len(images), generator=generator).to(device)
            total = torch.zeros((), device=device)
            for step, chosen in enumerate(torch.split(order, recipe.batch)):
                rate = learning_rate(
                    recipe, epoch * steps + step, recipe.epochs * steps
                )
                for group in optimiser.param_groups:
                    group["lr"] = rate
                batch = augment(images[chosen], recipe, generator)
                logits = network((batch.float() / 255 - scale[0]) / scale[1])
                loss = functional.cross_entropy(
                    logits, classes[chosen], label_smoothing=recipe.smoothing
                )
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                total += loss.detach() * len(chosen)
            mean_loss = float(total) / len(images)
            if not math.isfinite(mean_loss):
                raise ValueError(
                    f"the loss became {mean_loss} in epoch {epoch + 1}; lower "
                    f"`learning_rate`, which is {recipe.learning_rate}"
                )
            if progress is not None:
                progress(f"epoch {epoch + 1}/{recipe.epochs}, loss {mean_loss:.4f}")
    network.eval()


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Learning rate of one step of `steps`, counted from zero.

    It rises linearly over the first ``warmup`` share of the steps; the cosine then
    falls from its highest value towards zero, which it would reach at step `steps`.

    Examples
    --------
    >>> recipe = Recipe(epochs=1, learning_rate=1.0, warmup=0.2)
    >>> [learning_rate(recipe, step, 10) for step in (0, 1, 2, 6)]
    [0.5, 1.0, 1.0, 0.5]
    >>> learning_rate(Recipe(epochs=1, schedule="constant", warmup=0), 9, 10)
    0.001
    """
    warm = round(recipe.warmup * steps)
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    if recipe.schedule == "constant":
        return recipe.learning_rate
    done = (step - warm) / (steps - warm)
    # Rounded, so that half way is exactly half.
    return recipe.learning_rate * round(0.5 * (1 + math.cos(math.pi * done)), 12)


def augment(images: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Shift and mirror every image of a (b, c, h, w) batch on its own."""
    b, _, h, w = images.shape
    if recipe.flip:
        mirrored = torch.rand(b, generator=generator) < 0.5
        mask = mirrored.to(images.device).view(-1, 1, 1, 1)
        images = torch.where(mask, images.flip(-1), images)
    if recipe.shift:
        s = recipe.shift
        offsets = torch.randint(2 * s + 1, (2, b, 1), generator=generator)
        offsets = offsets.to(images.device)
        rows = offsets[0] + torch.arange(h, device=images.device)
        columns = offsets[1] + torch.arange(w, device=images.device)
        padded = functional.pad(images, (s, s, s, s)).permute(0, 2, 3, 1)
        index = torch.arange(b, device=images.device).view(-1, 1, 1)
        images = padded[index, rows[:, :, None], columns[:, None, :]]
        images = images.permute(0, 3, 1, 2)
    return images


def make_optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser, with weight decay on matrices and kernels alone."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {
            "params": [p for p in parameters if p.ndim > 1],
            "weight_decay": recipe.weight_decay,
        },
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.learning_rate)
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(
            groups,
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.momentum > 0,
        )
    raise ValueError(f"`optimiser` must be 'adamw' or 'sgd', got {recipe.optimiser!r}")


def _cuda(device: torch.device) -> list[torch.device]:
    return [device] if device.type == "cuda" else []


def _check(
    pixels: NDArray[np.uint8], labels: NDArray[np.int64], mean: tuple[float, ...]
) -> None:
    if pixels.ndim != 4 or pixels.dtype != np.uint8 or len(pixels) == 0:
        raise ValueError(
            "`pixels` must be (n, h, w, c) uint8 with n >= 1, "
            f"got {pixels.dtype} {pixels.shape}"
        )
    if labels.shape != (len(pixels),):
        raise ValueError(f"`labels` must be ({len(pixels)},), got {labels.shape}")
    if pixels.shape[-1] != len(mean):
        raise ValueError(
            f"`mean` must have one value per channel, {pixels.shape[-1]}, "
            f"got {len(mean)}"
        )

"""Heads: one linear layer on frozen features that names the view, trained and kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import made_once
from harness.code import source_digest
from harness.errors import BadData
from harness.tasks.task import Task

if TYPE_CHECKING:
    from harness.datasets.images import Images
    from harness.models.network import Network

Features = NDArray[np.float32]
PATIENCE = 10.0  # seconds of silence


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRecipe:
    """How a head is trained: SGD with Nesterov momentum, cross entropy.

    Attributes
    ----------
    epochs, batch_size
        Most passes over the images; images a step.
    learning_rate, momentum, weight_decay
        As `torch.optim.SGD` has them.
    milestones
        Epochs from which the learning rate is a tenth of what it was.
    held_out
        Share of the training images that choose the epoch and train nothing.
    images
        Use a sample of so many training images; None for all.
    seed
        Of the start, the split, the order of images and the label of each step.
    """

    epochs: int = 25
    learning_rate: float = 1e-2
    batch_size: int = 64
    momentum: float = 0.9
    weight_decay: float = 1e-4
    milestones: tuple[int, ...] = (8, 14)
    held_out: float = 0.1
    images: int | None = None
    seed: int = 0

    def identity(self) -> dict[str, Any]:
        """What a head's cache key says of the recipe."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A trained head.

    Attributes
    ----------
    weight, bias
        (t, d) and (t,) float32.
    held_out_accuracy
        In the epoch kept, over every view of the held-out images.
    epoch
        The epoch kept, from 1.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    held_out_accuracy: float
    epoch: int

    def logits(self, features: NDArray[Any]) -> NDArray[np.float64]:
        """(..., n, d) features to (..., n, t) logits, in float64."""
        weight = self.weight.astype(np.float64)
        return np.asarray(features.astype(np.float64) @ weight.T + self.bias)


def train_head(
    features: Features, recipe: HeadRecipe, *, tell: Callable[[str], None]
) -> Head:
    """Train a head on the CPU; the same seed gives the same bits on one machine.

    Each step draws one label for each of its images and learns from that view alone.
    The first epoch with the best accuracy on the held-out images is kept.

    Parameters
    ----------
    features : (t, n, d) array
        Of n training images under each of the t views, in label order.
    recipe
        How; `recipe.images` is not looked at here.
    tell
        Is shown a line now and then.

    Returns
    -------
    Head
        The global random state is as it was before.

    Raises
    ------
    ValueError
        If there are too few images to hold some out and train on the others.
    """
    import torch

    t, n, d = features.shape
    kept_back = round(n * recipe.held_out)
    if not 1 <= kept_back < n:
        raise ValueError(
            f"`features` must be of enough images to hold {recipe.held_out:g} of them "
            f"out, got {n}; use more training images"
        )
    generator = torch.Generator().manual_seed(recipe.seed)
    split = torch.randperm(n, generator=generator)
    held_out, train = split[:kept_back], split[kept_back:]
    every = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))
    trial = every[:, held_out]
    truth = torch.arange(t)[:, None]

    bound = d**-0.5
    weight = ((torch.rand(t, d, generator=generator) * 2 - 1) * bound).requires_grad_()
    bias = ((torch.rand(t, generator=generator) * 2 - 1) * bound).requires_grad_()
    optimiser = torch.optim.SGD(
        [weight, bias],
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.momentum > 0,
    )
    schedule = torch.optim.lr_scheduler.MultiStepLR(
        optimiser, milestones=list(recipe.milestones), gamma=0.1
    )
    best: Head | None = None
    for epoch in range(1, recipe.epochs + 1):
        order = train[torch.randperm(len(train), generator=generator)]
        labels = torch.randint(t, (len(train),), generator=generator)
        for images, views in zip(
            torch.split(order, recipe.batch_size),
            torch.split(labels, recipe.batch_size),
            strict=True,
        ):
            logits = torch.nn.functional.linear(every[views, images], weight, bias)
            loss = torch.nn.functional.cross_entropy(logits, views)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
        schedule.step()
        with torch.no_grad():
            answers = torch.nn.functional.linear(trial, weight, bias).argmax(dim=2)
        right = float((answers == truth).double().mean())
        if best is None or right > best.held_out_accuracy:
            best = Head(
                weight=weight.detach().numpy().copy(),
                bias=bias.detach().numpy().copy(),
                held_out_accuracy=right,
                epoch=epoch,
            )
    if best is None or not np.isfinite(best.weight).all():
        raise ValueError("no epoch gave finite weights; lower the learning rate")
    tell(
        f"{best.held_out_accuracy:.1%} right on held-out images "
        f"(chance {1 / t:.1%}), epoch {best.epoch}/{recipe.epochs}"
    )
    return best


def view_features(
    classifier: Network,
    images: Images,
    task: Task,
    *,
    device: str,
    batch_size: int,
    limit: int | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Features:
    """(t, n, d) features of images under every view: one pass of the network each.

    A line about the progress is told every `PATIENCE` seconds.
    """
    from harness.answers.predictions import Predictions
    from harness.datasets.dataset import Dataset
    from harness.measurement import Domain

    dataset = Dataset(
        name="train", family="train", domain=Domain.INTERIOR, load=lambda: images
    )
    seen = Predictions(
        lambda: classifier, dataset, device=device, batch_size=batch_size, limit=limit
    )
    features = []
    said = time.monotonic()
    for number, view in enumerate(task.views, start=1):
        features.append(seen.features(view).astype(np.float32))
        if time.monotonic() - said > PATIENCE:
            tell(f"features of view {number}/{task.classes} of {task.name}")
            said = time.monotonic()
    return np.stack(features)


def cached_head(
    classifier: Network,
    images: Images,
    task: Task,
    recipe: HeadRecipe,
    *,
    device: str,
    batch_size: int,
    cache_dir: Path,
    tell: Callable[[str], None],
) -> Head:
    """The head of a task on a classifier, trained unless it is in the cache.

    It is kept by what decides it: weights, training images, task, recipe and code. With
    many workers one trains and the others wait.
    """

    def trained() -> bytes:
        tell(f"training the {task.name} head of {classifier.name}, once")
        features = view_features(
            classifier,
            images,
            task,
            device=device,
            batch_size=batch_size,
            limit=recipe.images,
            tell=tell,
        )
        return _as_bytes(train_head(features, recipe, tell=tell))

    name = f"{head_key(classifier, images, task, recipe)}.safetensors"
    path = cache_dir / "heads" / name
    return _read_head(made_once(path, trained, what="kept head", tell=tell))


def head_key(
    classifier: Network, images: Images, task: Task, recipe: HeadRecipe
) -> str:
    """sha256 over what decides a head; no name or path is in it."""
    what = {
        "weights": classifier.fingerprint,
        "images": images.digest,
        "task": task.identity(),
        "recipe": recipe.identity(),
        "code": [
            source_digest(module)
            for module in (
                *(__name__, "harness.answers.predictions", "harness.views"),
                *("harness.datasets.dataset", "harness.sampling"),
            )
        ],
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _as_bytes(head: Head) -> bytes:
    from safetensors.numpy import save

    facts = {"accuracy": repr(head.held_out_accuracy), "epoch": str(head.epoch)}
    arrays = {"weight": head.weight, "bias": head.bias}
    return bytes(save(arrays, metadata=facts))


def _read_head(path: Path) -> Head:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata()
            return Head(
                weight=file.get_tensor("weight"),
                bias=file.get_tensor("bias"),
                held_out_accuracy=float(facts["accuracy"]),
                epoch=int(facts["epoch"]),
            )
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadData(
            f"kept head {path} cannot be read: {error}; delete it, and it is trained "
            "anew"
        ) from error

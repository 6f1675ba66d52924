"""Fine-tuning: all weights of a network go on learning from some labelled images."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError, UndefinedMetricError
from harness.models.batches import shifted
from harness.models.classifier import Classifier
from harness.models.entry import ModelEntry
from harness.models.network import Network, ready

if TYPE_CHECKING:
    import torch

    from harness.arrays import Classes
    from harness.datasets.family import Base
    from harness.datasets.images import Images
    from harness.models.entry import Registered, Tell
    from harness.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """How: Adam on cross entropy, with rates that fall to 0 as half a cosine.

    What the last step leaves is judged: nothing chooses among steps.

    Attributes
    ----------
    steps
        How many, of few images as of many.
    rate
        Learning rate of the new last layer, at first.
    backbone
        Share of it that all other weights learn with.
    batch_size
        Images a step; all of them where there are fewer.
    shift
        The most that an image is moved by, each way, as a share of its shorter side;
        black comes in. None is mirrored, since not everything may be.
    seed
        Of the order of images, of how they are moved, and of dropout.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    steps: int = 300
    rate: float = 3e-3
    backbone: float = 0.1
    batch_size: int = 64
    shift: float = 0.125
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1:
            raise ValueError(
                "`steps` and `batch_size` must be at least 1, got "
                f"{self.steps} and {self.batch_size}"
            )
        if not (0 < self.rate < np.inf and 0 <= self.backbone < np.inf):
            raise ValueError(
                "`rate` must be positive, `backbone` at least 0, and both finite, got "
                f"{self.rate} and {self.backbone}"
            )
        if not 0 <= self.shift < 1:
            raise ValueError(f"`shift` must be in [0, 1), got {self.shift}")

    @property
    def facts(self) -> dict[str, str]:
        """What decides a number beside its axes, for people.

        Examples
        --------
        >>> FineTuning().facts["fine_tuning"]
        'adam, 64 images a step, backbone at 0.1 of the rate, moved by 0.125, last step'
        """
        how = (
            f"adam, {self.batch_size} images a step, backbone at {self.backbone:g} of "
            f"the rate, moved by {self.shift:g}, last step"
        )
        return {"fine_tuning": how}


FINE_TUNING = FineTuning()


def network_to_train(
    entry: Registered, settings: Settings, base: Base, tell: Tell
) -> torch.nn.Module:
    """A model's network with its weights, as it can go on learning.

    Raises
    ------
    UndefinedMetricError
        If it has no weights that can be trained, as a graph that was exported has not.
    """
    if isinstance(entry, ModelEntry):
        network = entry.trained_network(settings, base, tell)
    else:
        network = entry.load(settings, base, "cpu", tell).network
    if not any(weight.is_floating_point() for weight in network.parameters()):
        raise UndefinedMetricError(
            f"model {entry.name} cannot be fine-tuned: no weights of it can be reached"
        )
    return network


def fine_tuned(
    model: Network,
    network: torch.nn.Module,
    images: Images,
    rows: NDArray[np.intp],
    labels: Classes,
    *,
    classes: int,
    how: FineTuning = FINE_TUNING,
    device: str = "cpu",
) -> Classifier:
    """Train a copy of a network, with a new last layer, on some labelled images.

    Parameters
    ----------
    model
        Its facts: what features enter, how images are normalised, of which geometry.
    network
        With the weights that it begins with, of `network_to_train`; left as it is.
    images, rows
        Some images, and which of them are learnt from.
    labels : (len(rows),) integer array
        Their classes.
    classes
        How many there are.
    how
        The recipe.
    device
        Of torch.

    Returns
    -------
    Classifier
        In eval mode; the same from the same seed on one machine. The global random
        state is as it was before.

    Raises
    ------
    UndefinedMetricError
        If there is one class alone.
    HarnessError
        If the loss is not finite, naming the step.

    References
    ----------
    Fine-tuning on 1 % and 10 % of the labels: Chen, Kornblith, Norouzi, Hinton, "A
    Simple Framework for Contrastive Learning of Visual Representations", ICML 2020,
    arXiv:2002.05709, section 4.2. A last layer that learns faster than the rest: Caron
    et al., NeurIPS 2020, arXiv:2006.09882. Both have recipes of their own.
    """
    import torch

    from harness.models.headed import Headed, entering

    if len(np.unique(labels)) < 2:
        raise UndefinedMetricError("the labelled images are of one class alone")
    truth = torch.from_numpy(np.asarray(labels, dtype=np.int64)).to(device)
    black = torch.tensor([-m / s for m, s in zip(model.mean, model.std, strict=True)])

    def shown(which: NDArray[np.intp]) -> torch.Tensor:
        pixels = torch.from_numpy(images.take(rows[which], model.geometry))
        return model.normalise(pixels.permute(0, 3, 1, 2).to(device))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(how.seed)
        backbone = copy.deepcopy(network).to(device).eval()
        for weight in backbone.parameters():
            weight.requires_grad_(weight.is_floating_point())
        with torch.no_grad():
            width = entering(backbone, model.head, shown(np.arange(2))).shape[1]
        headed = Headed(backbone, model.head, width=width, classes=classes).to(device)
        optimiser = torch.optim.Adam(
            [
                {"params": headed.linear.parameters(), "lr": how.rate},
                {"params": backbone.parameters(), "lr": how.rate * how.backbone},
            ]
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.steps)
        headed.train()
        for step, which in enumerate(_batches(len(rows), how), start=1):
            batch = shown(which)
            reach = round(how.shift * min(batch.shape[2:]))
            moved = shifted(batch, reach, black.to(device))
            wanted = truth[torch.from_numpy(which).to(device)]
            loss = torch.nn.functional.cross_entropy(headed(moved), wanted)
            if not torch.isfinite(loss):
                raise HarnessError(
                    f"the loss of model {model.name} is {loss.item()} in step {step} "
                    f"of its fine-tuning; lower the rate, which is {how.rate:g}"
                )
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    return Classifier(
        name=f"{model.name}, fine-tuned",
        network=ready(headed, device, channels_last=model.channels_last),
        mean=model.mean,
        std=model.std,
        fingerprint="",
        head="linear",
        channels_last=model.channels_last,
        geometry=model.geometry,
        classes=classes,
    )


def _batches(m: int, how: FineTuning) -> Iterator[NDArray[np.intp]]:
    """Places of each step, all alike in number: all of m before any again."""
    size = min(how.batch_size, m)
    rng = np.random.default_rng(how.seed)
    passes = -(-how.steps * size // m)
    order = np.concatenate([rng.permutation(m) for _ in range(passes)])
    for start in range(0, how.steps * size, size):
        yield order[start : start + size]

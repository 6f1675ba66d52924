"""Training: small classifiers from a base's training images, reproducibly."""

from __future__ import annotations

import io
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import write_whole
from harness.datasets.images import sets_of
from harness.errors import BadData, HarnessError
from harness.models.batches import Batches
from harness.models.objectives import objective_of
from harness.models.objectives.objective import logits_of
from harness.models.processes import ALONE, Processes
from harness.models.recipe import Recipe
from harness.models.small_types import class_type, half

if TYPE_CHECKING:
    import torch

    from harness.datasets.images import Images

_Said = NDArray[Any]  # whole classes, or truth values where several may hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One epoch that is done.

    Attributes
    ----------
    number, epochs
        Counted from 1; of how many.
    loss, accuracy
        Means over the training images as they were met, each with the weights of its
        step.
    learning_rate
        Of its last step.
    seconds
        Of this epoch.
    """

    number: int
    epochs: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float

    def __str__(self) -> str:
        """For a line of progress."""
        return (
            f"epoch {self.number}/{self.epochs}, loss {self.loss:.3g}, "
            f"{self.accuracy:.1%} right"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training gives.

    Attributes
    ----------
    network
        In eval mode, on the CPU.
    epochs
        What was said of each.
    predicted
        For each of the watched sets, (epochs, n) uint8, or uint16 of more than 256
        classes: what was said of an image at the end of an epoch, in eval mode and
        without augmentation; of tied logits the lowest. Of a classifier its class; of
        images of which several may hold (epochs, n, k) bool.
    asked
        For each of the watched sets, (n,) what would have been right: of a classifier
        the labels.
    logits
        For each of the watched sets, where they are kept: (epochs, n, k) float16.
    during
        As `predicted`, of the training images as they were met in each epoch: in train
        mode, augmented, with the weights of their step. None without labels.
    """

    network: torch.nn.Module
    epochs: tuple[Epoch, ...] = ()
    predicted: dict[str, _Said] = field(default_factory=dict)
    asked: dict[str, NDArray[Any]] = field(default_factory=dict)
    logits: dict[str, NDArray[np.float16]] = field(default_factory=dict)
    during: _Said | None = None


def train(
    build: Callable[[], torch.nn.Module],
    images: Images,
    recipe: Recipe,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    seed: int,
    device: str = "cpu",
    watch: Mapping[str, Images] | None = None,
    keep_logits: bool = False,
    checkpoint: Path | None = None,
    identity: str = "",
    each_epoch: Callable[[Epoch], None] = lambda epoch: None,
    each_step: Callable[[int, int], None] = lambda done, steps: None,
    each_network: Callable[[int, torch.nn.Module], None] = lambda epoch, network: None,
    processes: Processes = ALONE,
) -> Trained:
    """Train a network; the same seed gives the same weights on one machine.

    Parameters
    ----------
    build
        Makes the network; its random start comes from `seed` too.
    images
        Labelled, uint8.
    mean, std
        Per channel, of images scaled to [0, 1].
    watch
        Labelled sets whose predicted classes are recorded after every epoch.
    keep_logits
        Whether the logits of these are too; of classifiers trained with labels.
    checkpoint
        File that is written after every epoch and gone on from if it is there: the
        result is the same to the bit as without the interruption.
    identity
        Of what is trained; a checkpoint of something else is refused.
    each_epoch, each_step
        Are told of the progress: steps done and in all, over the whole training.
    each_network
        Is given the network as it is after each epoch, by its number from 1, in the
        first process; before the checkpoint of that epoch is written.
    processes
        That train it together, each with its part of every batch. The first of them
        writes. Batch norm is over the images of all.

    Returns
    -------
    Trained
        The global random state is as it was before.

    Raises
    ------
    HarnessError
        If the loss is not finite, naming the step; or if the checkpoint cannot be read,
        or is of another training; or logits are to be kept of what has none.
    """
    import torch

    watch = watch or {}
    several = sets_of(images) is not None
    for what, some in {"train": images, **watch}.items():
        if some.labels is None and sets_of(some) is None:
            raise HarnessError(f"training needs labels, the images of {what} have none")
    if recipe.objective is not None and (keep_logits or several):
        raise HarnessError(
            "`objective` must be None where logits are kept or images have several "
            "labels: what is learned without labels has no logits of classes"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build()
        if processes.count > 1:
            from harness.models.shared_norm import share_batch_norms

            share_batch_norms(network, device)
        network.to(device)
        objective = objective_of(recipe, processes, device, several=several)
        batches = Batches(images, mean, std, device)
        objective.check(network, batches)
        steps = -(-batches.n // recipe.batch_size)
        optimiser = recipe.make_optimiser(network.parameters())
        schedule = recipe.make_schedule(optimiser, steps)
        predicted: dict[str, list[_Said]] = {name: [] for name in watch}
        logits: dict[str, list[NDArray[np.float16]]] = {
            name: [] for name in watch if keep_logits
        }
        during: list[_Said] = []
        epochs: list[Epoch] = []
        if checkpoint is not None and checkpoint.exists():
            state = _read_checkpoint(checkpoint, identity)
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            torch.set_rng_state(state["random"])
            objective.restore(state["objective"])
            predicted, logits = (
                {name: [row.numpy() for row in rows] for name, rows in some.items()}
                for some in (state["predicted"], state["logits"])
            )
            during = [row.numpy() for row in state["during"]]
            epochs = [Epoch(**made) for made in state["epochs"]]
        for number in range(len(epochs) + 1, recipe.epochs + 1):
            start = time.perf_counter()
            network.train()
            losses = torch.zeros((), dtype=torch.float64, device=device)
            given = []
            order = torch.randperm(batches.n)
            for step, which in enumerate(torch.split(order, recipe.batch_size), 1):
                loss, classes = objective.step(network, batches, which)
                if not torch.isfinite(loss):
                    raise HarnessError(
                        f"the loss is {loss.item()} in step {step} of epoch {number}; "
                        f"lower the learning rate, which is {recipe.learning_rate:g}"
                    )
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                processes.add_up(network.parameters())
                optimiser.step()
                rate = optimiser.param_groups[0]["lr"]
                schedule.step()
                losses += loss.detach() * len(which)
                given.append(classes)
                each_step((number - 1) * steps + step, recipe.epochs * steps)
            met = torch.cat(given).cpu().numpy()
            if recipe.objective is None:
                during.append(_small(met[np.argsort(order.numpy())]))
            for name, some in watch.items():
                watched = Batches(some, mean, std, device)
                predicted[name].append(_small(objective.said(network, watched)))
                if keep_logits:
                    logits[name].append(half(logits_of(network, watched), name))
            epochs.append(
                Epoch(
                    number=number,
                    epochs=recipe.epochs,
                    loss=float(losses) / batches.n,
                    accuracy=objective.right(met, batches.labels[order.numpy()]),
                    learning_rate=float(rate),
                    seconds=time.perf_counter() - start,
                )
            )
            if processes.rank == 0:
                each_network(number, network)
            if checkpoint is not None and processes.rank == 0:
                state = {
                    "identity": identity,
                    "epochs": [asdict(epoch) for epoch in epochs],
                    "network": network.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "random": torch.get_rng_state(),
                    "objective": objective.state(),
                    "predicted": _tensors(predicted),
                    "logits": _tensors(logits),
                    "during": _tensors({"during": during})["during"],
                }
                _write_checkpoint(checkpoint, state)
            each_epoch(epochs[-1])
        return Trained(
            network=network.eval().cpu(),
            epochs=tuple(epochs),
            predicted={name: np.stack(rows) for name, rows in predicted.items()},
            asked={
                name: objective.asked(Batches(some, mean, std, "cpu"))
                for name, some in watch.items()
            },
            logits={name: np.stack(rows) for name, rows in logits.items()},
            during=np.stack(during) if during else None,
        )


def _tensors(rows: Mapping[str, list[Any]]) -> dict[str, list[torch.Tensor]]:
    """For a checkpoint, by name."""
    import torch

    return {
        name: [torch.from_numpy(row) for row in some] for name, some in rows.items()
    }


def _small(said: NDArray[Any]) -> _Said:
    """Classes in as few bytes as hold them; truth values as they are."""
    if said.dtype == np.bool_:
        return said
    classes: NDArray[np.int64] = said
    return classes.astype(class_type(int(classes.max(initial=0)) + 1))


def _write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    import torch

    content = io.BytesIO()
    torch.save(state, content)
    write_whole(path, content.getvalue(), what="checkpoint")


def epochs_done(checkpoint: Path, identity: str) -> int:
    """How many epochs are over by a checkpoint; 0 where there is none.

    Raises
    ------
    BadData
        As `train`.
    """
    if not checkpoint.exists():
        return 0
    return len(_read_checkpoint(checkpoint, identity)["epochs"])


def _read_checkpoint(path: Path, identity: str) -> dict[str, Any]:
    import torch

    cure = "remove it to train from the start"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        found = state["identity"]
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        pickle.UnpicklingError,
    ) as error:
        raise BadData(f"checkpoint {path} cannot be read; {cure}") from error
    if found != identity:
        raise BadData(
            f"checkpoint {path} is of another training (other images, recipe, seed, "
            f"network, record or code); {cure}"
        )
    return dict(state)

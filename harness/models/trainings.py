"""Trainings: networks that are trained once, and found by what decides them.

Three files of one name lie under ``models`` of --harness-cache-dir: the weights, the
record of every epoch where one was asked for, and, until they are done, a checkpoint.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import is_whole, locked, make_room, note_use, write_summed
from harness.code import source_digest
from harness.datasets.made.label_noise import Relabelled, with_label_noise
from harness.datasets.made.roomy import Roomy
from harness.datasets.made.sample import SampledImages
from harness.digests import file_digest
from harness.errors import BadData, HarnessError
from harness.models.processes import ALONE, Processes
from harness.models.weights import weights_bytes

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base
    from harness.datasets.images import Images
    from harness.models.entry import ModelEntry
    from harness.models.recipe import Recipe
    from harness.models.record import EpochRecord
    from harness.models.training import Epoch, Trained
    from harness.settings import Settings

Tell = Callable[[str], None]
SELDOM = 10.0  # seconds between lines about a training that goes on


@dataclass(frozen=True, kw_only=True)
class Training:
    """One network to train: which, on what, how, and from which seed.

    Attributes
    ----------
    kept
        Epochs whose weights are kept too, from 1; they decide nothing.
    logits
        Whether records have logits too.
    """

    entry: ModelEntry
    base: Base
    recipe: Recipe
    seed: int
    settings: Settings
    kept: tuple[int, ...] = ()
    logits: bool = False

    @property
    def fitting(self) -> ModelEntry:
        """The entry whose network the recipe trains."""
        return self.entry.for_recipe(self.recipe)

    @cached_property
    def identity(self) -> str:
        """sha256 over what decides the weights."""
        return _digest(
            {
                **self.fitting.identity(),
                "recipe": self.recipe.identity(),
                "training": source_digest("harness.models.training"),
                "images": self.images("train").digest,
                "seed": self.seed,
            }
        )

    def images(self, split: str) -> Images:
        """Of the base; those trained on as many, and as noisy, as the recipe has them.

        Raises
        ------
        HarnessError
            If the recipe asks for more than there are.
        """
        if split != "train":
            return self.base.test(self.settings)
        images, share = self.base.train(self.settings), self.recipe.label_noise
        if self.recipe.images is not None:
            images = self._sampled(images, self.recipe.images)
        if share:
            images = self._noisy(images, share)
        return self._roomy(images, self.recipe.room) if self.recipe.room else images

    def _noisy(self, images: Images, share: float) -> Images:
        if images.labels is None:
            raise HarnessError(
                "`label_noise` must be 0 of images without one label each, as those of "
                f"base {self.base.name} are, got {share:g}"
            )
        classes = len(self.base.classes)
        noisy = with_label_noise(
            images.labels,
            share,
            classes=classes,
            true_too=self.recipe.noise_draws_true,
        )
        return Relabelled(images, noisy)

    def _roomy(self, images: Images, room: int) -> Images:
        geometry = self.base.geometry
        if geometry is None:
            raise HarnessError(
                f"`room` must be 0 of base {self.base.name}, whose images have one "
                f"size, got {room}"
            )
        try:
            return Roomy(images, geometry, room)
        except ValueError as error:
            raise HarnessError(str(error)) from error

    def _sampled(self, images: Images, n: int) -> Images:
        if n > len(images):
            raise HarnessError(
                f"`images` must be at most the {len(images)} training images of base "
                f"{self.base.name}, got {n}; leave it out for all of them"
            )
        return SampledImages(images, n)

    @property
    def weights(self) -> Path:
        """Where they lie, or will."""
        name = f"{self.base.name}-{self.entry.name}-{self.identity[:16]}.safetensors"
        return self.settings.cache_dir / "models" / name

    @property
    def record(self) -> Path:
        """Where it lies, or will."""
        return self.weights.with_suffix(".record.npz")

    @property
    def checkpoint(self) -> Path:
        """Where it lies, while a training is not done."""
        return self.weights.with_suffix(".checkpoint")

    def kept_weights(self, epoch: int) -> Path:
        """Where those of an epoch that is kept lie, or will."""
        return self.weights.with_name(f"{self.weights.stem}.epoch{epoch}.safetensors")

    def is_made(self, splits: tuple[str, ...] = ()) -> bool:
        """Whether all weights, and a record of these splits, lie there undamaged.

        A record is only of the very weights that lie beside it.
        """
        files = (self.weights, *map(self.kept_weights, self.kept))
        if not all(map(is_whole, files)):
            return False
        return not splits or self._has_record(splits)

    def _has_record(self, splits: tuple[str, ...]) -> bool:
        from harness.models.record import read_record

        if not self.record.exists():
            return False
        try:
            record = read_record(self.record)
        except BadData:
            return False
        facts = record.facts
        return (
            (not self.logits or all(split in record.logits for split in splits))
            and facts["identity"] == self.identity
            and facts["weights"] == file_digest(self.weights)
            and all(facts["images"].get(s) == self.images(s).digest for s in splits)
        )


def train_once(
    training: Training,
    *,
    splits: tuple[str, ...] = (),
    device: str = "cpu",
    tell: Tell,
    starts: Callable[[], None] = lambda: None,
    each_epoch: Callable[[Epoch], None] = lambda epoch: None,
    each_step: Callable[[int, int], None] = lambda done, steps: None,
    processes: Processes = ALONE,
) -> None:
    """See that a training's weights, and a record of some splits, are there.

    What was interrupted goes on after its last whole epoch, to the same bits. Of many
    processes one trains and the others wait.

    Parameters
    ----------
    splits
        What the network says about after every epoch, `SPLITS` of
        `harness.models.record` or the first; none for no record.
    tell
        Is told of damage and of waiting.
    starts, each_epoch, each_step
        Are told that this process trains it, and of the progress.
    processes
        That train it together; all of them call this. The first decides whether, is
        told, and writes.

    Raises
    ------
    HarnessError
        If files cannot be written or a checkpoint not be read, or is of a later epoch
        than one that was to be kept; or the loss is not finite.
    """
    from harness.models.record import record_bytes

    if not processes.agree(not training.is_made(splits)):
        note_use(training.weights)
        return
    watch = {split: training.images(split) for split in splits}
    train = _ready(training, watch, device, processes)
    if processes.rank:
        train()
        return
    with locked(training.weights, what="trained model", tell=tell):
        # Another run may have made it in the meantime.
        if processes.count == 1 and training.is_made(splits):
            return
        for what, path in _files(training, splits).items():
            if path.exists() and not is_whole(path):
                tell(f"{what} {path} cannot be read as it was written; it is made anew")
            make_room(path, what=what)
        _check_kept(training, _identity(training, watch))
        starts()

        def keep(epoch: int, network: torch.nn.Module) -> None:
            if epoch in training.kept:
                path = training.kept_weights(epoch)
                write_summed(path, weights_bytes(network), what="weights of an epoch")

        trained = train(each_epoch=each_epoch, each_step=each_step, each_network=keep)
        weights = weights_bytes(trained.network)
        write_summed(training.weights, weights, what="trained model")
        if splits:
            made = _record(training, watch, trained, weights)
            write_summed(training.record, record_bytes(made), what="record")
        training.checkpoint.unlink(missing_ok=True)


def _ready(
    training: Training, watch: dict[str, Images], device: str, processes: Processes
) -> Callable[..., Trained]:
    """`harness.models.training.train` with everything but whom to tell."""
    from harness.models.training import train

    return partial(
        train,
        training.fitting.build_network,
        training.images("train"),
        training.recipe,
        mean=training.entry.mean,
        std=training.entry.std,
        seed=training.seed,
        device=device,
        watch=watch,
        keep_logits=training.logits,
        checkpoint=training.checkpoint,
        identity=_identity(training, watch),
        processes=processes,
    )


def _identity(training: Training, watch: dict[str, Images]) -> str:
    """Of what a checkpoint is one of."""
    logits = ["logits"] if training.logits else []
    return _digest([training.identity, {s: watch[s].digest for s in watch}, *logits])


def _check_kept(training: Training, identity: str) -> None:
    """Refuse to go on behind an epoch that was to be kept and was not."""
    from harness.models.training import epochs_done

    done = epochs_done(training.checkpoint, identity)
    for epoch in training.kept:
        if epoch <= done and not is_whole(training.kept_weights(epoch)):
            raise HarnessError(
                f"epoch {epoch} was to be kept, but {done} are over without it; remove "
                f"{training.checkpoint} to train from the start"
            )


def _files(training: Training, splits: tuple[str, ...]) -> dict[str, Path]:
    record = {"record": training.record} if splits else {}
    return {"trained model": training.weights, **record}


def _record(
    training: Training, watch: dict[str, Images], trained: Trained, weights: bytes
) -> EpochRecord:
    import numpy as np

    from harness.models.record import DURING, EpochRecord
    from harness.models.small_types import class_type

    predicted, labels = dict(trained.predicted), dict(trained.asked)
    digests = {split: images.digest for split, images in watch.items()}
    if "train" in watch and trained.during is not None:
        predicted[DURING], labels[DURING] = trained.during, labels["train"]
        digests[DURING] = digests["train"]
    true = {
        split: images.true
        for split, images in watch.items()
        if isinstance(images, Relabelled | Roomy) and images.true is not None
    }
    said = (*predicted.values(), *labels.values())
    highest = max(int(rows.max()) for rows in said)
    classes = max(len(training.base.classes), highest + 1)  # a network may have more
    kind = class_type(classes)
    return EpochRecord(
        predicted={
            split: rows if rows.dtype == np.bool_ else rows.astype(kind)
            for split, rows in predicted.items()
        },
        labels=labels,
        logits=trained.logits,
        true=true,
        facts={
            "base": training.base.name,
            "model": training.entry.name,
            "seed": training.seed,
            "recipe": training.recipe.identity(),
            "classes": classes,
            "identity": training.identity,
            "weights": hashlib.sha256(weights).hexdigest(),
            "images": digests,
        },
        loss=np.array([epoch.loss for epoch in trained.epochs]),
        accuracy=np.array([epoch.accuracy for epoch in trained.epochs]),
        learning_rate=np.array([epoch.learning_rate for epoch in trained.epochs]),
    )


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Seldom:
    """Tells of a training that it starts, and now and then how long it will take.

    Parameters
    ----------
    training
        Which.
    what
        What it is called.
    tell
        Shows a line.
    """

    def __init__(self, training: Training, what: str, tell: Tell) -> None:
        self._training = training
        self._what = what
        self._tell = tell
        self._told = time.monotonic()

    def starts(self) -> None:
        """It does."""
        base, folder = self._training.base.name, self._training.weights.parent
        self._tell(f"training {self._what} on {base}, once; it is kept in {folder}")

    def epoch(self, epoch: Epoch) -> None:
        """One is done."""
        now, last = time.monotonic(), epoch.number == epoch.epochs
        if not last and now - self._told < SELDOM:
            return
        self._told = now
        left = (epoch.epochs - epoch.number) * epoch.seconds
        rest = "" if last else f", about {left:.0f} s left"
        self._tell(f"training {self._what}: {epoch}{rest}")

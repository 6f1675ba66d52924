"""Weights that the harness trains itself: on first use, or when it is told to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import MissingData
from harness.models.recipe import Recipe
from harness.models.trainings import Seldom, Tell, Training, train_once
from harness.models.weights import find_file

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.models.entry import ModelEntry
    from harness.settings import Settings

TRAINED_ON_FIRST_USE = "trained on first use"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedHere:
    """Weights that the harness trains from the base's training images.

    A file that `harness train` wrote, under --harness-weights-root, is taken first.
    Else they are trained on first use and cached by everything that decides them; with
    many workers one trains and the others wait.

    Attributes
    ----------
    recipe
        How, unless `harness train` is told otherwise.
    on_first_use
        Whether a run may train them: no where it takes long, or others come along.
    quick
        Whether a run may train a population of them all the same: it takes seconds.
    """

    recipe: Recipe
    on_first_use: bool = True
    quick: bool = False

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """The file written by `harness train`; or that a run trains them."""
        filename = trained_filename(entry.base, entry.name)
        folders = [settings.weights_root] if settings.weights_root else []
        if found := find_file(filename, folders):
            return str(found)
        if self.on_first_use:
            return TRAINED_ON_FIRST_USE
        raise MissingData(
            f"weights {filename} of model {entry.name}",
            folders,
            f"train them with `harness train --base {entry.base} --model {entry.name}` "
            "and name their folder with --harness-weights-root",
        )

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """The file, trained first if it is nowhere."""
        place = self.locate(entry, settings)
        if place != TRAINED_ON_FIRST_USE:
            return Path(place)
        training = Training(
            entry=entry,
            base=base,
            recipe=self.recipe,
            seed=settings.training_seed,
            settings=settings,
        )
        return weights_of(training, (), entry.name, tell)


def weights_of(
    training: Training, splits: tuple[str, ...], name: str, tell: Tell
) -> Path:
    """The file of a training's weights, trained with a word about it if need be."""
    seldom = Seldom(training, name, tell)
    train_once(
        training,
        splits=splits,
        tell=tell,
        starts=seldom.starts,
        each_epoch=seldom.epoch,
    )
    return training.weights


def trained_filename(base: str, name: str) -> str:
    """What `harness train` calls the weights of a model."""
    return f"{base}-{name}-trained.safetensors"


def trainable(entry: object) -> tuple[ModelEntry, TrainedHere] | None:
    """An entry with how it is trained here, if it can be."""
    from harness.models.entry import FirstOf, ModelEntry

    if not isinstance(entry, ModelEntry):
        return None
    weights = entry.weights
    sources = weights.sources if isinstance(weights, FirstOf) else (weights,)
    return next(((entry, s) for s in sources if isinstance(s, TrainedHere)), None)

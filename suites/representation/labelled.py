"""Few labelled images: lists of them, and networks that are fine-tuned on them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from harness.datasets.label_lists import PUBLISHED, published_lists, read_list
from harness.errors import HarnessError, MissingData

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy as np
    from numpy.typing import NDArray

    from harness.datasets.dataset import Dataset
    from harness.fixtures.grid import Model
    from harness.run import Run
    from harness.tasks.fine_tuning import FineTuning

T = TypeVar("T")
NONE = "none"  # in the node id of a test that has no list


class OfOneModel:
    """What was made for the model whose turn it is: of another all is let go."""

    def __init__(self) -> None:
        self._model: Model | None = None
        self._made: dict[Hashable, Any] = {}

    def get(self, model: Model, key: Hashable, make: Callable[[], T]) -> T:
        """What `key` names, made where it is not there."""
        if model is not self._model:
            self._model = model
            self._made.clear()
        if key not in self._made:
            self._made[key] = make()
        found: T = self._made[key]
        return found


def chosen_lists(text: str, run: Run, folder: Path) -> dict[str, Path]:
    """Files of the lists that an option names, or of the published ones, by name.

    Parameters
    ----------
    text
        Names and paths, parted by commas; of none the published ones at hand.
    run
        Whose base's.
    folder
        That paths are relative to.

    Raises
    ------
    HarnessError
        If a published one is not there, or two lists have one name.
    """
    base = run.base.name
    at_hand = published_lists(base, run.settings)
    if not text:
        return at_hand
    found: dict[str, Path] = {}
    for part in (one.strip() for one in text.split(",")):
        if part in PUBLISHED.get(base, {}) and part not in at_hand:
            raise MissingData(
                f"published list {part} of base {base}",
                [run.settings.data_root or "no --harness-data-root"],
                f"get imagenet_subsets/{part}.txt of google-research/simclr, or name "
                "its file with --representation-label-lists",
            )
        file = at_hand.get(part, folder / Path(part).expanduser())
        if found.setdefault(file.stem, file) != file:
            raise HarnessError(
                f"`--representation-label-lists` must name lists of different names, "
                f"got {found[file.stem]} and {file}; call one of them otherwise"
            )
    return found


def list_parameters(text: str, run: Run, folder: Path) -> list[Any]:
    """Name and digest of each list; where there is none one that is skipped."""
    found = chosen_lists(text, run, folder)
    if found:
        base = run.base.name
        return [(name, list_digest(read_list(f, base))) for name, f in found.items()]
    known = ", ".join(PUBLISHED.get(run.base.name, {}))
    reason = (
        f"no list of labelled images of base {run.base.name} is "
        + (f"at hand: {known} are published" if known else "published")
        + "; name files with --representation-label-lists"
    )
    return [pytest.param(NONE, "", marks=pytest.mark.skip(reason=reason))]


def list_digest(names: tuple[str, ...]) -> str:
    """Of a list, whatever its order."""
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def tuned_right(
    model: Model,
    dataset: Dataset,
    rows: NDArray[np.intp],
    how: FineTuning,
    kept: OfOneModel,
) -> NDArray[np.bool_]:
    """(n,) which images a network is right on that was fine-tuned on training images.

    Parameters
    ----------
    model, dataset
        Whose network begins, and on what it is judged.
    rows
        Numbers of the training images, among all of them.
    how
        The recipe.
    kept
        Networks that were tuned for another dataset.

    Raises
    ------
    UndefinedMetricError
        If the network cannot be trained, or images are of a class that no labelled
        image has.
    """
    from dataclasses import replace

    import numpy as np

    from harness.answers.predictions import Predictions
    from harness.metrics.representation.bank import check_classes
    from harness.tasks.fine_tuning import fine_tuned, network_to_train

    from .arrays import labels_of

    run = model.run
    entry = run.registry.model(run.base.name, model.name)
    images = run.train.load()
    labels, known = labels_of(model, dataset), images.labels
    assert known is not None  # of a base's training split
    check_classes(known[rows], labels)

    def made() -> Any:
        network = kept.get(
            model,
            "network",
            lambda: network_to_train(entry, run.settings, run.base, run.tell),
        )
        return fine_tuned(
            replace(model.classifier(), precision="float32"),
            network,
            images,
            rows,
            known[rows],
            classes=len(run.base.classes),
            how=how,
            device=run.device,
        )

    tuned = kept.get(model, (rows.tobytes(), how), made)
    said = Predictions(
        lambda: tuned,
        dataset,
        device=run.device,
        batch_size=run.batch_size,
        limit=run.limit_of(dataset),
        count=run.count_forward,
        tell=run.tell,
    )
    return np.asarray(said.predicted() == labels)

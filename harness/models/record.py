"""Records: what a network said after every epoch of its training, as an artifact."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import is_whole
from harness.digests import file_digest
from harness.errors import BadData, HarnessError
from harness.metrics.numerics.matching import Rule, right
from harness.models.training import class_type

SPLITS = ("test", "train")  # that a record can be of; "test" is always
CURE = "remove it, and what it says is found out anew"
_BY_EPOCH = ("loss", "accuracy", "learning_rate")
_FACTS: dict[str, type] = {
    **dict.fromkeys(("base", "model", "identity", "weights"), str),
    **dict.fromkeys(("seed", "classes"), int),
    **dict.fromkeys(("recipe", "images"), dict),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EpochRecord:
    """What one network said after every epoch, in the order of a split's images.

    Attributes
    ----------
    predicted
        By split, "test" and perhaps "train": (epochs, n) uint8, or uint16 of more than
        256 classes: the class that each image was given at the end of an epoch, in eval
        mode and without augmentation. Of a pretext task its answers.
    labels
        By split: (n,) int64 true classes, or right answers.
    loss, accuracy
        (epochs,) float64: means over the training images as they were met *during* an
        epoch, augmented and with weights that moved.
    learning_rate
        (epochs,) float64, of each epoch's last step.
    facts
        base, model, seed, recipe, number of classes; identity, the sha256 over what
        decided the weights; weights, that of the file; images, by split their digest.
    digest
        sha256 of the file it was read from; empty before.
    """

    predicted: dict[str, NDArray[np.unsignedinteger]]
    labels: dict[str, NDArray[np.int64]]
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    learning_rate: NDArray[np.float64]
    facts: dict[str, Any]
    digest: str = ""

    @property
    def epochs(self) -> int:
        """How many."""
        return len(self.loss)

    @property
    def has_clusters(self) -> bool:
        """Whether the classes are those that a network found without labels."""
        return bool(self.facts["recipe"].get("objective")) and not self.task

    @property
    def task(self) -> str:
        """Name of the pretext task that was learned; empty for none.

        What was said and what was right are then answers of the task, for one question
        about each image, and not classes.
        """
        task: str = (self.facts["recipe"].get("objective") or {}).get("task", "")
        return task

    def predicted_on(self, split: str = "test") -> NDArray[np.unsignedinteger]:
        """(epochs, n) predicted classes of a split.

        Raises
        ------
        HarnessError
            If it was not recorded, with what would record it.
        """
        if split not in self.predicted:
            known = ", ".join(self.predicted)
            facts = self.facts
            raise HarnessError(
                f"the record of model {facts['model']}, seed {facts['seed']}, must be "
                f"of split {split!r} too, got one of {known}; remake it with "
                f"`harness train --record both`, which has {' and '.join(SPLITS)}"
            )
        return self.predicted[split]

    def right(self, split: str = "test") -> NDArray[np.bool_]:
        """(epochs, n) whether an image was classified rightly at the end of an epoch.

        Classes of a network that learned without labels are matched with the labels'
        first, epoch by epoch, as ``acc_hybrid`` does.

        Raises
        ------
        HarnessError
            If the split was not recorded.
        """
        predicted, labels = self.predicted_on(split), self.labels[split]
        if self.has_clusters:
            given = (row.astype(np.int64) for row in predicted)
            return np.stack([right(row, labels, rule=Rule.HYBRID) for row in given])
        return np.asarray(predicted == labels)

    def accuracy_on(self, split: str = "test") -> NDArray[np.float64]:
        """(epochs,) top-1 accuracy in [0, 1] at the end of each epoch."""
        return np.asarray(self.right(split).mean(axis=1), dtype=np.float64)


def record_bytes(record: EpochRecord) -> bytes:
    """As an .npz without pickled objects."""
    kind = class_type(record.facts["classes"])
    facts = json.dumps(record.facts, sort_keys=True).encode()
    arrays: dict[str, NDArray[Any]] = {
        **{f"predicted_{split}": rows for split, rows in record.predicted.items()},
        **{f"labels_{split}": own.astype(kind) for split, own in record.labels.items()},
        **{name: getattr(record, name) for name in _BY_EPOCH},
        "facts": np.frombuffer(facts, np.uint8),
    }
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()


def read_record(path: Path) -> EpochRecord:
    """A record that `harness train` wrote.

    Raises
    ------
    BadData
        If it is not as it was written, or holds anything but what it should; the
        message names the file and what is wrong.
    """
    if not is_whole(path):
        raise BadData(f"record {path} cannot be read as it was written; {CURE}")
    arrays = _arrays(path)
    facts = _facts(path, arrays.pop("facts", np.zeros(0)))
    by_epoch = {name: arrays.pop(name, np.zeros(0)) for name in _BY_EPOCH}
    epochs = by_epoch["loss"].shape
    for name, array in by_epoch.items():
        if array.dtype != np.float64 or array.ndim != 1 or array.shape != epochs:
            raise _bad(path, f"{name} must be (epochs,) float64, got {_kind(array)}")
        if not (np.isfinite(array).all() and (array >= 0).all()):
            raise _bad(path, f"{name} must be finite and at least 0")
    predicted, labels = {}, {}
    for split in facts["images"]:
        rows = arrays.pop(f"predicted_{split}", np.zeros(0))
        own = arrays.pop(f"labels_{split}", np.zeros(0))
        _check(path, split, own, (own.size,), facts["classes"])
        _check(path, split, rows, (*epochs, own.size), facts["classes"])
        predicted[split], labels[split] = rows, own.astype(np.int64)
    if arrays:
        raise _bad(path, f"it must hold no array {next(iter(arrays))}")
    return EpochRecord(
        predicted=predicted,
        labels=labels,
        facts=facts,
        digest=file_digest(path),
        **by_epoch,
    )


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Opened here, since numpy leaves a damaged file open.
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise _bad(path, "it must be an .npz file of numbers") from error


def _facts(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    try:
        facts = json.loads(array.astype(np.uint8).tobytes())
    except ValueError:  # of UTF-8 and of JSON too
        facts = None
    if not isinstance(facts, dict) or any(
        not isinstance(facts.get(name), kind) for name, kind in _FACTS.items()
    ):
        raise _bad(path, f"facts must be a JSON object with {', '.join(_FACTS)}")
    if "test" not in facts["images"] or facts["classes"] < 1:
        raise _bad(path, "it must be of the test split, and of 1 class at least")
    return facts


def _check(
    path: Path, split: str, array: NDArray[Any], shape: tuple[int, ...], classes: int
) -> None:
    """Hold classes to type, shape and range."""
    kind = np.dtype(class_type(classes))
    if array.dtype != kind or array.shape != shape or not array.size:
        raise _bad(
            path,
            f"classes of {split} must be {shape} {kind}, got {_kind(array)}",
        )
    if int(array.max()) >= classes:
        raise _bad(path, f"classes of {split} must be below {classes}")


def _kind(array: NDArray[Any]) -> str:
    return f"{array.shape} {array.dtype}"


def _bad(path: Path, why: str) -> BadData:
    return BadData(f"record {path} is none: {why}; {CURE}")

"""Records: what a network said after every epoch of its training, as an artifact."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import is_whole
from harness.digests import file_digest
from harness.errors import BadData, HarnessError
from harness.metrics.learning_order.exact_match import exact_match
from harness.metrics.numerics.cubes import right_of as right_classes
from harness.metrics.numerics.matching import Rule, right
from harness.models.small_types import class_type

SPLITS = ("test", "train")  # that a record can be asked for; "test" is always
DURING = "during"  # training images as they were met in an epoch; comes with "train"
CURE = "remove it, and what it says is found out anew"
Said = NDArray[Any]  # whole classes, or truth values where several may hold
Labels = NDArray[Any]
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
        mode and without augmentation. Of a pretext task its answers. Beside "train"
        perhaps `DURING`: what training images were given when they were met in the
        epoch, in train mode, augmented, with weights that moved: another quantity. Of
        images with several labels (epochs, n, k) bool, the classes of a probability
        above one half.
    labels
        By split: (n,) int64, the classes trained on and tested with, or right answers;
        (n, k) bool of images with several labels.
    logits
        By split, where they were kept: (epochs, n, k) float16.
    ids
        By split, where other trainers gave them: (n,) names or numbers of the images.
    true
        By split, where labels were drawn at random: (n,) int64, as they were before.
    loss, accuracy
        (epochs,) float64: means over the training images as they were met *during* an
        epoch, augmented and with weights that moved. Empty where others trained.
    learning_rate
        (epochs,) float64, of each epoch's last step. Empty where others trained.
    facts
        base, model, seed, recipe, number of classes; identity, the sha256 over what
        decided the weights; weights, that of the file; images, by split their digest.
    digest
        sha256 of the file it was read from; empty before.
    """

    predicted: dict[str, Said]
    labels: dict[str, Labels]
    facts: dict[str, Any]
    logits: dict[str, NDArray[np.float16]] = field(default_factory=dict)
    ids: dict[str, NDArray[Any]] = field(default_factory=dict)
    true: dict[str, Labels] = field(default_factory=dict)
    loss: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    accuracy: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    learning_rate: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    digest: str = ""

    @property
    def epochs(self) -> int:
        """How many."""
        return len(next(iter(self.predicted.values())))

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

    def predicted_on(self, split: str = "test") -> Said:
        """(epochs, n) predicted classes of a split, or (epochs, n, k) bool of several.

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
        first, epoch by epoch, as ``acc_hybrid`` does. Of several labels all have to be
        said and no others, `exact_match`.

        Raises
        ------
        HarnessError
            If the split was not recorded.
        """
        predicted, labels = self.predicted_on(split), self.labels[split]
        if self.has_clusters:
            given = (row.astype(np.int64) for row in predicted)
            return np.stack([right(row, labels, rule=Rule.HYBRID) for row in given])
        return right_of(predicted, labels)

    def right_truly(self, split: str) -> NDArray[np.bool_] | None:
        """`right` by the labels that none was drawn for; None where all are these."""
        if split not in self.true:
            return None
        return right_of(self.predicted_on(split), self.true[split])

    def accuracy_on(self, split: str = "test") -> NDArray[np.float64]:
        """(epochs,) top-1 accuracy in [0, 1] at the end of each epoch."""
        return np.asarray(self.right(split).mean(axis=1), dtype=np.float64)


def right_of(predicted: Said, labels: Labels) -> NDArray[np.bool_]:
    """(..., n) what is right: the class of the label; of several labels all of them.

    Parameters
    ----------
    predicted : (..., n) classes, or (..., n, k) bool
    labels : (n,) classes, or (n, k) bool
    """
    if labels.dtype == np.bool_:
        return exact_match(np.asarray(predicted, dtype=np.bool_), labels)
    return right_classes(predicted, labels)


def record_bytes(record: EpochRecord) -> bytes:
    """As an .npz without pickled objects."""
    kind = class_type(record.facts["classes"])
    labels, true = (
        {s: own for s, own in some.items() if s != DURING}
        for some in (record.labels, record.true)
    )
    return npz_bytes(
        {
            **said_arrays(record.predicted),
            **{
                f"labels_{split}": own if own.ndim == 2 else own.astype(kind)
                for split, own in labels.items()
            },
            **{f"logits_{split}": rows for split, rows in record.logits.items()},
            **{f"true_{split}": own.astype(kind) for split, own in true.items()},
            **{name: getattr(record, name) for name in _BY_EPOCH},
        },
        record.facts,
    )


def said_arrays(predicted: Mapping[str, Said]) -> dict[str, NDArray[Any]]:
    """What was said of each split, as a file holds it: truth values eight a byte."""
    return {
        f"bits_{split}": np.packbits(rows, axis=-1)
        for split, rows in predicted.items()
        if rows.dtype == np.bool_
    } | {
        f"predicted_{split}": rows
        for split, rows in predicted.items()
        if rows.dtype != np.bool_
    }


def npz_bytes(arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> bytes:
    """An .npz of arrays and of facts as JSON; no pickled object.

    Raises
    ------
    TypeError
        If an array is of objects, which would be pickled.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"`{name}` must be of numbers or texts, got {array.dtype}")
    text = json.dumps(facts, sort_keys=True).encode()
    content = io.BytesIO()
    # `allow_pickle` would be one more array before NumPy 2.1.
    np.savez_compressed(content, facts=np.frombuffer(text, np.uint8), **arrays)  # type: ignore[arg-type]
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
    predicted: dict[str, Said] = {}
    labels: dict[str, Labels] = {}
    logits: dict[str, NDArray[np.float16]] = {}
    true: dict[str, Labels] = {}
    k = facts["classes"]
    for split in sorted(facts["images"], key=lambda name: name == DURING):
        if split == DURING:
            labels[split] = own = labels.get("train", np.zeros(0))
        else:
            own = arrays.pop(f"labels_{split}", np.zeros(0))
        if own.dtype == np.bool_:
            packed = arrays.pop(f"bits_{split}", np.zeros(0))
            if own.ndim != 2 or own.shape[1] != k:
                raise _bad(path, f"labels of {split} must be (n, {k}), got {own.shape}")
            _check(path, split, packed, (*epochs, len(own), -(-k // 8)), 256)
            predicted[split] = np.unpackbits(packed, axis=-1, count=k).astype(bool)
            labels[split] = own
        else:
            rows = arrays.pop(f"predicted_{split}", np.zeros(0))
            if split != DURING:
                _check(path, split, own, (own.size,), k)
            _check(path, split, rows, (*epochs, own.size), k)
            predicted[split], labels[split] = rows, own.astype(np.int64)
        if (kept := arrays.pop(f"logits_{split}", None)) is not None:
            if kept.dtype != np.float16 or kept.shape[:2] != predicted[split].shape[:2]:
                raise _bad(path, f"logits of {split} must be float16, {_kind(kept)}")
            logits[split] = kept
        if (drawn_for := arrays.pop(f"true_{split}", None)) is not None:
            _check(path, split, drawn_for, labels[split].shape, k)
            true[split] = drawn_for.astype(np.int64)
    if "train" in true and DURING in labels:
        true[DURING] = true["train"]
    if arrays:
        raise _bad(path, f"it must hold no array {next(iter(arrays))}")
    return EpochRecord(
        predicted=predicted,
        labels=labels,
        logits=logits,
        true=true,
        facts=facts,
        digest=file_digest(path),
        loss=by_epoch["loss"],
        accuracy=by_epoch["accuracy"],
        learning_rate=by_epoch["learning_rate"],
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

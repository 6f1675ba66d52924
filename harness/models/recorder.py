"""Recorder: keeps what a network says after every epoch of anybody's training loop.

One .npz a network, of numbers and text alone: ``predicted_SPLIT`` (epochs, n),
``labels_SPLIT`` (n,), perhaps ``logits_SPLIT`` (epochs, n, k) float16 and ``ids_SPLIT``
(n,), and ``facts``, a JSON text as bytes. Of images with several labels ``bits_SPLIT``
(epochs, n, k / 8), eight truth values a byte, and ``labels_SPLIT`` (n, k) bool.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.artifacts import write_whole
from harness.errors import BadData, HarnessError
from harness.models.record import Labels, Said, npz_bytes, right_of, said_arrays
from harness.models.small_types import class_type, half

WHEN = ("after", "during")


class Recorder:
    """Called once an epoch with what a network says of each split; writes a file.

    Parameters
    ----------
    path
        Of the file, which is written whole after every epoch, so that a training that
        is killed has lost one at most.
    labels
        By split: (n,) whole numbers, the labels that are trained on and tested with; or
        (n, k) truth values, where several classes hold of an image. The order of images
        is theirs, in every epoch.
    ids
        By split: (n,) texts or whole numbers that name the images, by which networks
        and tables are joined: `harness.image_ids` of their pixels, names of files, or
        places in the split of a base that is named as the fact `base`. Without them
        networks are joined by position, and only where their labels are the same.
    when
        "after": at the end of an epoch, in eval mode; "during": as images were met,
        with weights that moved. The two are different quantities. Of all splits, or by
        split: ``{"train": "during", "test": "after"}``.
    logits
        Whether logits are kept too, as float16: data maps and margins need them.
    resume
        Whether to go on with a file that is there; else one is refused.
    facts
        Anything else that JSON holds: architecture, seed, recipe.

    Raises
    ------
    HarnessError
        If there is a file already, or what is given does not fit together.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "seed0.npz"
    >>> recorder = Recorder(path, labels={"test": [0, 1, 1]}, seed=0)
    >>> recorder(test=np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]]))  # logits
    >>> recorder(test=np.array([0, 1, 1]))  # or classes
    >>> read_recorded([path]).right("test").astype(int).tolist()
    [[[1, 1, 0], [1, 1, 1]]]
    >>> folder.cleanup()
    """

    def __init__(
        self,
        path: str | Path,
        *,
        labels: Mapping[str, Any],
        ids: Mapping[str, Any] | None = None,
        when: str | Mapping[str, str] = "after",
        logits: bool = False,
        resume: bool = False,
        **facts: Any,
    ) -> None:
        self.path = Path(path)
        if not labels:
            raise HarnessError("`labels` must be of one split at least, got none")
        if not isinstance(when, str):
            when = dict(when)
        _check_when(when, labels)
        self._logits = logits
        self._labels = {split: _labels(split, own) for split, own in labels.items()}
        self._ids = {split: _array(own) for split, own in (ids or {}).items()}
        for split, own in self._ids.items():
            if split not in self._labels or own.shape != self._labels[split].shape[:1]:
                raise HarnessError(
                    f"`ids` of {split} must be one for each of its labels, got "
                    f"shape {own.shape}"
                )
        self._facts = {**facts, "when": when}
        self._said: dict[str, list[NDArray[Any]]] = {s: [] for s in self._labels}
        self._kept: dict[str, list[NDArray[Any]]] = {s: [] for s in self._labels}
        if self.path.exists():
            if not resume:
                raise HarnessError(
                    f"record {self.path} is there already; remove it, or go on with it "
                    "by resume=True"
                )
            self._go_on()

    @property
    def epochs(self) -> int:
        """How many are recorded."""
        return len(next(iter(self._said.values())))

    def __call__(self, **said: Any) -> None:
        """Record one epoch: of each split (n, k) logits, or (n,) classes, and write it.

        Parameters
        ----------
        said
            By split, in the order of the labels: arrays or tensors, on any device. Of
            several labels (n, k) logits, of which those above 0 are said, or (n, k)
            bool.

        Raises
        ------
        HarnessError
            If a split is missing or of other images, or the file cannot be written.
        """
        if said.keys() != self._labels.keys():
            raise HarnessError(
                f"an epoch must be of the splits {', '.join(self._labels)}, got "
                f"{', '.join(said) or 'none'}"
            )
        given = {split: self._checked(split, _array(a)) for split, a in said.items()}
        kept = {s: half(a, s) for s, a in given.items() if self._logits}
        for split, array in given.items():
            self._said[split].append(_answers(array, self._labels[split]))
            if self._logits:
                self._kept[split].append(kept[split])
        self._write()

    def _checked(self, split: str, array: NDArray[Any]) -> NDArray[Any]:
        own = self._labels[split]
        n = len(own)
        if own.ndim == 2:
            return self._checked_sets(split, array, own)
        kinds = "f" if array.ndim == 2 else "iu"
        wanted = "(n, k) logits" if self._logits else "(n, k) logits or (n,) classes"
        if (
            array.ndim not in ((2,) if self._logits else (1, 2))
            or len(array) != n
            or array.dtype.kind not in kinds
            or (array.ndim == 1 and array.min() < 0)
        ):
            raise HarnessError(
                f"{split} must be {wanted} of {n} images, got {array.shape} "
                f"{array.dtype}"
            )
        if array.ndim == 2 and not np.isfinite(array).all():
            raise HarnessError(f"logits of {split} must be finite")
        return array

    def _checked_sets(
        self, split: str, array: NDArray[Any], own: NDArray[Any]
    ) -> NDArray[Any]:
        """(n, k) logits or truth values of images with several labels."""
        wanted = "(n, k) logits" if self._logits else "(n, k) logits or bool"
        if array.shape != own.shape or array.dtype.kind not in (
            "f" if self._logits else "fb"
        ):
            raise HarnessError(
                f"{split} must be {wanted} of shape {own.shape}, got {array.shape} "
                f"{array.dtype}"
            )
        if array.dtype != np.bool_:
            if not np.isfinite(array).all():
                raise HarnessError(f"logits of {split} must be finite")
            if array.min() >= 0 and array.max() <= 1:
                raise HarnessError(
                    f"{split} must be logits, of which those above 0 are said, got "
                    "numbers that all lie in [0, 1] as probabilities do; give logits, "
                    "or `probabilities > 0.5`"
                )
        return array

    def _write(self) -> None:
        highest = max(
            int(rows.max())
            for some in (self._said.values(), [[own] for own in self._labels.values()])
            for each in some
            for rows in each
        )
        kind = class_type(highest + 1)
        said: dict[str, Said] = {}
        arrays: dict[str, NDArray[Any]] = {}
        for split, own in self._labels.items():
            rows = np.stack(self._said[split])
            said[split] = rows if rows.dtype == np.bool_ else rows.astype(kind)
            arrays[f"labels_{split}"] = own
            if self._logits:
                arrays[f"logits_{split}"] = np.stack(self._kept[split])
            if split in self._ids:
                arrays[f"ids_{split}"] = self._ids[split]
        content = npz_bytes({**said_arrays(said), **arrays}, self._facts)
        write_whole(self.path, content, what="record", folders=True)

    def _go_on(self) -> None:
        found = read_recorded([self.path])
        same = found.labels.keys() == self._labels.keys() and all(
            np.array_equal(own, self._labels[split])
            for split, own in found.labels.items()
        )
        if not same or found.facts[0] != json.loads(json.dumps(self._facts)):
            raise HarnessError(
                f"record {self.path} must be of these labels and facts to go on with "
                "it, got others; remove it"
            )
        if self._logits != bool(found.logits):
            raise HarnessError(
                f"record {self.path} must be {'with' if self._logits else 'without'} "
                "logits to go on with it; remove it"
            )
        for split, rows in found.predicted.items():
            bits = rows.dtype == np.bool_
            self._said[split] = list(rows[0] if bits else rows[0].astype(np.int64))
            if self._logits:
                self._kept[split] = list(found.logits[split][0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """What several networks said, joined: one file each.

    Attributes
    ----------
    predicted
        By split: (networks, epochs, n) classes; of several labels (networks, epochs, n,
        k) bool.
    labels
        By split: (n,) int64, or (n, k) bool.
    ids
        By split, where they were given: (n,).
    logits
        By split, where all files have them: (networks, epochs, n, k) float16.
    facts
        Of each network.
    """

    predicted: dict[str, Said]
    labels: dict[str, Labels]
    ids: dict[str, NDArray[Any]]
    logits: dict[str, NDArray[np.float16]]
    facts: tuple[dict[str, Any], ...]

    def right(self, split: str) -> NDArray[np.bool_]:
        """(networks, epochs, n) what was right: a cube for the measures of order."""
        if split not in self.predicted:
            raise HarnessError(
                f"the records must be of split {split!r}, got {', '.join(self.labels)}"
            )
        return right_of(self.predicted[split], self.labels[split])

    def when(self, split: str) -> str:
        """ "after" an epoch or "during" it; what does not say is of its end."""
        said = self.facts[0].get("when", WHEN[0])
        return said if isinstance(said, str) else said.get(split, WHEN[0])


def read_recorded(paths: Sequence[str | Path]) -> Recorded:
    """Read files of a `Recorder`, or of the same layout, one a network.

    Where files name their images, those of each are brought into the order of the first
    one's names; else positions are taken, and labels have to be the same.

    Raises
    ------
    BadData
        If a file cannot be read, or they are not of the same images, labels, epochs
        and `when`.
    HarnessError
        If no file is named.
    """
    if not paths:
        raise HarnessError("`paths` must be one file at least, got none")
    each = [_read(Path(path)) for path in paths]
    first = each[0]
    for path, one in zip(paths, each, strict=True):
        if one.predicted.keys() != first.predicted.keys():
            raise _other(path, "splits", paths[0])
        if one.facts[0].get("when") != first.facts[0].get("when"):
            raise _other(path, "`when`", paths[0])
        if bool(one.logits) != bool(first.logits):
            raise _other(path, "kind (with logits or without)", paths[0])
        for split in first.predicted:
            if one.predicted[split].shape[1] != first.predicted[split].shape[1]:
                raise _other(path, "number of epochs", paths[0])
            _line_up(path, one, first, split, paths[0])
        if [s for s in first.labels if one.when(s) not in WHEN]:
            raise BadData(
                f"record {path} must say `when` as one of {', '.join(WHEN)}, got "
                f"{one.facts[0]['when']!r}"
            )
    return Recorded(
        predicted={
            s: _joined([one.predicted[s] for one in each]) for s in first.labels
        },
        labels=first.labels,
        ids=first.ids,
        logits={s: _joined([one.logits[s] for one in each]) for s in first.logits},
        facts=tuple(one.facts[0] for one in each),
    )


def _joined(rows: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(rows)


def _line_up(
    path: str | Path, one: Recorded, first: Recorded, split: str, other: str | Path
) -> None:
    """Bring a record's images of a split into the order of the first."""
    if (split in one.ids) != (split in first.ids):
        raise _other(path, f"names of images of {split}", other)
    if split in one.ids and one is not first:
        order = np.argsort(one.ids[split], kind="stable")
        place = np.searchsorted(one.ids[split][order], first.ids[split])
        rows = order[np.minimum(place, len(order) - 1)]
        if not np.array_equal(one.ids[split][rows], first.ids[split]):
            raise _other(path, f"images of {split}", other)
        one.predicted[split] = one.predicted[split][:, :, rows]
        one.labels[split] = one.labels[split][rows]
        if split in one.logits:
            one.logits[split] = one.logits[split][:, :, rows]
    if not np.array_equal(one.labels[split], first.labels[split]):
        raise _other(path, f"labels of {split}", other)


def _other(path: str | Path, what: str, first: str | Path) -> BadData:
    return BadData(f"record {path} must have the {what} of {first}, got others")


def _read(path: Path) -> Recorded:
    """One file, as a record of one network."""
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads(arrays.pop("facts").astype(np.uint8).tobytes())
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise BadData(
            f"record {path} must be an .npz file of numbers with `facts` as JSON: "
            f"{error}"
        ) from error
    splits = [
        n.partition("_")[2] for n in arrays if n.startswith(("predicted_", "bits_"))
    ]
    if not splits or not isinstance(facts, dict):
        raise BadData(
            f"record {path} must have predicted_SPLIT, got {', '.join(arrays)}"
        )
    found = Recorded(predicted={}, labels={}, ids={}, logits={}, facts=(facts,))
    for split in splits:
        own = arrays.get(f"labels_{split}")
        if f"bits_{split}" in arrays:
            rows = _bits(path, split, arrays[f"bits_{split}"], own)
        else:
            rows = arrays[f"predicted_{split}"]
        if rows.dtype == np.bool_:
            assert own is not None
            found.labels[split] = own
        elif (
            own is None
            or own.dtype.kind not in "iu"
            or rows.dtype.kind not in "iu"
            or rows.ndim != 2
            or not rows.size
            or own.shape != rows.shape[1:]
        ):
            raise BadData(
                f"record {path} must have whole numbers predicted_{split} (epochs, n) "
                f"and labels_{split} (n,), got {rows.shape} {rows.dtype} and "
                f"{None if own is None else own.shape}"
            )
        else:
            found.labels[split] = own.astype(np.int64)
        found.predicted[split] = rows[None]
        if (names := arrays.get(f"ids_{split}")) is not None:
            if names.shape != own.shape[:1] or len(np.unique(names)) < len(names):
                raise BadData(
                    f"record {path} must have ids_{split} for each image, all different"
                )
            found.ids[split] = names
        if (logits := arrays.get(f"logits_{split}")) is not None:
            if logits.ndim != 3 or logits.shape[:2] != rows.shape[:2]:
                raise BadData(
                    f"record {path} must have logits_{split} (epochs, n, k), got "
                    f"{logits.shape}"
                )
            found.logits[split] = logits[None].astype(np.float16)
    return found


def _bits(
    path: Path, split: str, packed: NDArray[Any], own: NDArray[Any] | None
) -> NDArray[np.bool_]:
    """(epochs, n, k) of several labels, unpacked."""
    if own is None or own.dtype != np.bool_ or own.ndim != 2:
        raise BadData(
            f"record {path} must have labels_{split} (n, k) bool beside bits_{split}, "
            f"got {None if own is None else f'{own.shape} {own.dtype}'}"
        )
    n, k = own.shape
    wanted = (n, -(-k // 8))
    if packed.dtype != np.uint8 or packed.shape[1:] != wanted or not packed.size:
        raise BadData(
            f"record {path} must have bits_{split} (epochs, {n}, {wanted[1]}) uint8, "
            f"eight of {k} truth values a byte, got {packed.shape} {packed.dtype}"
        )
    return np.unpackbits(packed, axis=-1, count=k).astype(np.bool_)


def _check_when(when: str | Mapping[str, str], labels: Mapping[str, Any]) -> None:
    """Refuse what is neither after nor during, of all splits or of each."""
    each = [when] if isinstance(when, str) else list(when.values())
    of_all = isinstance(when, str) or when.keys() == labels.keys()
    if not of_all or any(one not in WHEN for one in each):
        raise HarnessError(
            f"`when` must be one of {', '.join(WHEN)}, of all splits or by split of "
            f"{', '.join(labels)}, got {when!r}: what is said at the end of an epoch, "
            "or as images are met"
        )


def _answers(given: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    """Classes, or truth values of several, of what a network said."""
    if labels.ndim == 2:
        return given if given.dtype == np.bool_ else np.asarray(given > 0)
    return (given.argmax(axis=1) if given.ndim == 2 else given).astype(np.int64)


def _labels(split: str, own: Any) -> NDArray[Any]:
    array = _array(own)
    if array.ndim == 2 and array.size and np.isin(array, (0, 1)).all():
        return array.astype(np.bool_)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "iu":
        raise HarnessError(
            f"`labels` of {split} must be (n,) whole numbers, or (n, k) truth values "
            f"of several, got {array.shape} {array.dtype}"
        )
    if array.min() < 0:
        raise HarnessError(
            f"`labels` of {split} must not be negative, got {array.min()}"
        )
    return array.astype(np.int64)


def _array(given: Any) -> NDArray[Any]:
    """Of a tensor too, wherever it lies."""
    if hasattr(given, "detach"):
        given = (
            given.detach().cpu().float() if given.is_floating_point() else given.cpu()
        )
        given = given.numpy()
    return np.asarray(given)

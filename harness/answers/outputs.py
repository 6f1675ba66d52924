"""Saved outputs: what models said about a dataset, in place of images and networks.

An ``.npz`` file holds ``models`` (m names), ``logits`` (m, n, k) or ``predictions``
(m, n) of whole numbers, and ``labels`` if they are known: (n,) classes, (n, k) truth
values, or those of all images one after another with ``label_counts`` (n,); or, in
place of the first two, one array for each model under its name: (n, k) logits or (n,)
predictions. What `harness.answers.saving` wrote says itself what it is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation
from harness.answers.saved_truth import Sets, label_sets, saved_truth
from harness.answers.saving import ABOUT, About, about_of
from harness.arrays import (
    confidence,
    lie_in_unit_interval,
    probability_total,
    softmax,
)
from harness.datasets.dataset import SOURCE, Dataset
from harness.datasets.family import Base, Family
from harness.datasets.images import ArrayImages, Images
from harness.datasets.label_numbers import check_numbers
from harness.datasets.own_truth import always
from harness.datasets.readers.arrays import numpys_reason
from harness.datasets.tree import is_hidden
from harness.errors import BadData, HarnessError, MissingData, UndefinedMetricError
from harness.measurement import Domain
from harness.printable import counted
from harness.queries import safe_name
from harness.sampling import sampled_rows
from harness.views import IDENTITY, View

if TYPE_CHECKING:
    from harness.models.network import Network
    from harness.settings import OwnData, Settings

BASE = "outputs"
NO_SOURCE = (
    "no file of outputs is the labelled source set; name one with "
    "--harness-outputs 'FILE?role=test'"
)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedOutputs:
    """The content of one file.

    Attributes
    ----------
    path
        Where it was read.
    models
        By name: (n, k) float logits, or (n,) predicted classes.
    labels
        (n,) true classes, or None.
    sets
        Several labels an image in their place: (n, k) truth values, or n tuples.
    classes
        Number of classes: of the logits, or one more than the largest number seen.
    digest
        sha256 of the file.
    told
        By model what the file says that it is about; empty if it does not.
    """

    path: Path
    models: dict[str, NDArray[Any]]
    labels: NDArray[np.int64] | None
    sets: Sets | None
    classes: int
    digest: str
    told: dict[str, About] = field(default_factory=dict)

    @property
    def about(self) -> About | None:
        """What it says of its images: of all models the same."""
        return next(iter(self.told.values()), None)

    @property
    def labelled(self) -> bool:
        """Whether anything is known of the images."""
        return self.labels is not None or self.sets is not None

    def __len__(self) -> int:
        """Number of images."""
        return len(next(iter(self.models.values())))


class SavedPredictions:
    """One model's saved outputs, asked as `harness.answers.predictions.Predictions` is.

    What was not saved is undefined, so tests that need it are skipped with the reason.
    """

    def __init__(self, outputs: SavedOutputs, model: str, limit: int | None) -> None:
        array = outputs.models[model]
        self._array = array[sampled_rows(len(array), limit)]
        self._where = f"of model {model} in {outputs.path.name}"

    def __len__(self) -> int:
        """Number of images."""
        return len(self._array)

    def logits(self, view: View = IDENTITY) -> NDArray[np.float64]:
        """(n, k) float64 logits."""
        self._check(view)
        if self._array.ndim == 1:
            raise UndefinedMetricError("only predicted classes were saved, no logits")
        return self._array.astype(np.float64)

    def probs(self, view: View = IDENTITY) -> NDArray[np.float64]:
        """(n, k) softmax of the logits."""
        return softmax(self.logits(view))

    def view_probs(self, views: Sequence[View]) -> NDArray[np.float64]:
        """(v, n, k) softmax under several views, of which one was saved."""
        return np.stack([self.probs(view) for view in views])

    def predicted(self, view: View = IDENTITY) -> NDArray[np.int64]:
        """(n,) predicted classes; of tied logits the lowest class."""
        self._check(view)
        if self._array.ndim == 1:
            return self._array.astype(np.int64)
        return np.asarray(self._array.argmax(axis=1), dtype=np.int64)

    def confidence(
        self, view: View = IDENTITY, activation: str = Activation.SOFTMAX
    ) -> NDArray[np.float64]:
        """(n,) the probability of each predicted class, in float64."""
        return confidence(self.logits(view), activation)

    def features(
        self, view: View = IDENTITY, layer: str = "head"
    ) -> NDArray[np.float64]:
        """Never saved."""
        raise UndefinedMetricError("outputs were saved without features")

    def _check(self, view: View) -> None:
        if view != IDENTITY:
            raise UndefinedMetricError("outputs were saved without views of the images")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedModel:
    """A model known by its outputs alone."""

    name: str
    files: dict[str, SavedOutputs]  # by dataset
    base: str = BASE
    has_source: bool = False  # whether some file, of any model, has role=test
    activation: Activation = Activation.SOFTMAX

    def locate(self, settings: Settings) -> str:
        """The files that name it."""
        return ", ".join(str(outputs.path) for outputs in self.files.values())

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """Its name: what it said is part of the dataset."""
        return hashlib.sha256(f"outputs of {self.name}".encode()).hexdigest()

    def load(self, settings: Settings, base: Base, device: str, tell: Tell) -> Network:
        """Undefined: there is no network."""
        raise UndefinedMetricError("outputs were saved, and no network is at hand")

    def predict(self, dataset: str, limit: int | None) -> SavedPredictions:
        """What it said about a dataset; the source set is the file of role=test."""
        if dataset == SOURCE and not self.has_source:
            raise UndefinedMetricError(NO_SOURCE)
        name = "test" if dataset == SOURCE else dataset
        if name not in self.files:
            raise UndefinedMetricError(
                f"no outputs of model {self.name} on {name} were saved"
            )
        return SavedPredictions(self.files[name], self.name, limit)

    def covers(self, dataset: str) -> bool:
        """Whether its outputs on the dataset were saved."""
        if dataset == SOURCE:
            return not self.has_source or "test" in self.files
        return dataset in self.files


def saved_base(
    owns: Sequence[OwnData],
) -> tuple[Base, tuple[Family, ...], tuple[SavedModel, ...]]:
    """The base, families and models that files of outputs make up.

    Raises
    ------
    HarnessError
        If a file is missing or damaged, two have one name, or numbers of classes
        differ.
    """
    files: dict[str, tuple[OwnData, SavedOutputs]] = {}
    for said in owns:
        for path in _files(said):
            outputs = read_outputs(path)
            own = _told(said, outputs)
            name = own.name or safe_name(path.name.removesuffix(".npz"))
            name = "test" if own.role == "test" else name
            if name in files:
                outputs = _joined(name, files[name][1], outputs)
            files[name] = own, outputs
            if name == "test" and own.role != "test":
                _check_called_test(*files[name])
    widths = {
        len(array[0]): outputs.path
        for _, outputs in files.values()
        for array in outputs.models.values()
        if array.ndim == 2
    }
    if len(widths) > 1:
        listed = ", ".join(f"{k} in {path}" for k, path in sorted(widths.items()))
        raise HarnessError(f"files of outputs differ in their classes: {listed}")
    classes = max(_classes_of(*found) for found in files.values())
    models: dict[str, dict[str, SavedOutputs]] = {}
    for name, (_, outputs) in files.items():
        for model in outputs.models:
            models.setdefault(model, {})[name] = outputs
    has_source = any(own.role == "test" for own, _ in files.values())
    families: dict[str, list[tuple[Dataset, SavedOutputs]]] = {}
    for name, found in files.items():
        if found[1].about is None or found[1].about.source != "alone":
            dataset = _dataset(name, *found, classes)
            families.setdefault(dataset.family, []).append((dataset, found[1]))
    return (
        _base(files, classes, has_source=has_source),
        tuple(_family(name, members) for name, members in families.items()),
        tuple(
            SavedModel(
                name=name,
                files=found,
                has_source=has_source,
                activation=_activation(name, found.values()),
            )
            for name, found in models.items()
        ),
    )


def _told(own: OwnData, outputs: SavedOutputs) -> OwnData:
    """What was said about a file, and what it says itself where nobody did."""
    about = outputs.about
    if about is None:
        return own
    role = "test" if about.source else str(about.domain)
    if not outputs.labelled:  # whose accuracy is predicted
        role = str(Domain.TARGET)
    return replace(
        own,
        name=own.name or about.dataset,
        role=own.role or role,
        several=own.several or (about.several and own.role != Domain.TARGET),
        traits=tuple({**about.traits, **dict(own.traits)}.items()),
    )


def _joined(name: str, one: SavedOutputs, two: SavedOutputs) -> SavedOutputs:
    """Two files of one dataset, which each say so; BadData if they do not fit."""
    if one.about is None or two.about is None or one.about.set != two.about.set:
        raise HarnessError(
            f"two files of outputs are called {name}: {one.path} and {two.path}; tell "
            "them apart with ?name="
        )
    if twice := one.models.keys() & two.models.keys():
        raise BadData(
            f"{one.path} and {two.path} both hold outputs of {min(twice)} on {name}; "
            "take one away"
        )
    if len(one) != len(two) or not _alike(one, two):
        raise BadData(
            f"{one.path} and {two.path} must be of the same images of {name}, got "
            f"{len(one)} and {len(two)}, or other labels; save both in one run"
        )
    both = f"{one.digest} {two.digest}"
    return replace(
        one,
        models={**one.models, **two.models},
        classes=max(one.classes, two.classes),
        digest=hashlib.sha256(both.encode()).hexdigest(),
        told={**one.told, **two.told},
    )


def _alike(one: SavedOutputs, two: SavedOutputs) -> bool:
    """Whether the labels are the same."""
    if isinstance(one.sets, tuple) or isinstance(two.sets, tuple):
        return one.sets == two.sets
    pairs = ((one.labels, two.labels), (one.sets, two.sets))
    return all(
        (a is None and b is None)
        or (a is not None and b is not None and np.array_equal(a, b))
        for a, b in pairs
    )


def _activation(model: str, files: Iterable[SavedOutputs]) -> Activation:
    """What makes confidences of a model's logits; BadData if its files disagree."""
    told = {one.told[model].activation for one in files if model in one.told}
    if len(told) > 1:
        raise BadData(
            f"files of outputs of model {model} say both {' and '.join(sorted(told))}; "
            "save them in one run"
        )
    return told.pop() if told else Activation.SOFTMAX


def _classes_of(own: OwnData, outputs: SavedOutputs) -> int:
    """How many classes a file knows of; labels of a map are none of them."""
    mapped = outputs.about is not None and outputs.about.classes is not None
    if own.classes is not None or mapped or outputs.sets is None:
        return outputs.classes
    if isinstance(outputs.sets, np.ndarray):
        return max(outputs.classes, int(outputs.sets.shape[1]))
    return max(outputs.classes, *(max(row) + 1 for row in outputs.sets if row))


def _check_called_test(own: OwnData, outputs: SavedOutputs) -> None:
    """Refuse a labelled file of this name: it may be meant as the source set, or not.

    The report calls the source set so, and metrics that need one would take it.
    """
    if outputs.labelled:
        raise HarnessError(
            f"{outputs.path} is called test and has labels: say that it is the "
            "labelled source set with ?role=test, or give it another name with ?name="
        )


def _files(own: OwnData) -> tuple[Path, ...]:
    if own.path.is_dir():
        found = [p for p in own.path.glob("*.npz") if not is_hidden(p.name)]
        if found:
            return tuple(sorted(found))
    if not own.path.is_file():
        raise MissingData(
            "file of outputs",
            [own.path],
            "name an .npz file, or a folder of them, with --harness-outputs",
        )
    return (own.path,)


def _base(
    files: dict[str, tuple[OwnData, SavedOutputs]], classes: int, *, has_source: bool
) -> Base:
    def test(settings: Settings) -> Images:
        if not has_source:
            raise UndefinedMetricError(NO_SOURCE)
        return _content(files["test"][1])

    def train(settings: Settings) -> Images:
        raise UndefinedMetricError("outputs were saved, and no training images")

    return Base(
        name=BASE,
        classes=tuple(map(str, range(classes))),
        size=(1, 1, 1),
        train=train,
        test=test,
        locate=lambda settings: f"{counted(len(files), 'file')} of saved outputs",
        description="saved outputs, without images",
        source="--harness-outputs",
        licence="",
    )


def _dataset(name: str, own: OwnData, outputs: SavedOutputs, classes: int) -> Dataset:
    labelled = outputs.labelled and own.role != Domain.TARGET
    if own.role == "test":
        domain = Domain.INTERIOR
    elif own.role:
        domain = Domain(own.role)
    else:
        domain = Domain.EXTERIOR if labelled else Domain.TARGET
    if domain is not Domain.TARGET and not labelled:
        raise BadData(f"{outputs.path} has no labels, which role={own.role} needs")
    about = outputs.about
    truth = saved_truth(
        own,
        outputs.path,
        outputs.labels,
        outputs.sets,
        outputs.models,
        classes,
        None if about is None else about.map,
    )
    return Dataset(
        name=name,
        family=name if about is None else about.family,
        domain=domain,
        load=lambda: _content(outputs, labelled=labelled and truth is None),
        labelled=labelled,
        known=always(truth),
        traits=dict(own.traits),
    )


def _family(name: str, members: Sequence[tuple[Dataset, SavedOutputs]]) -> Family:
    datasets = tuple(dataset for dataset, _ in members)
    models = {model for _, outputs in members for model in outputs.models}
    return Family(
        name=name,
        base=BASE,
        domain=datasets[0].domain,
        datasets=lambda settings: datasets,
        description=f"outputs of {counted(len(models), 'model')}",
        source=str(members[0][1].path),
    )


def _content(outputs: SavedOutputs, *, labelled: bool = True) -> Images:
    """As many images without a pixel, so that a dataset can be counted and keyed."""
    return ArrayImages(
        pixels=np.empty((len(outputs), 0, 0, 1), dtype=np.uint8),
        labels=outputs.labels if labelled else None,
        digest=f"{outputs.digest}{'' if labelled else ' unlabelled'}",
    )


# --- reading --------------------------------------------------------------------------


def read_outputs(path: Path) -> SavedOutputs:
    """The content of a file, checked; read once as long as it does not change.

    Raises
    ------
    BadData
        If it is damaged or does not hold what it should; the message names the array.
    """
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@cache
def _read(path: Path, _size: int, _stamp: int) -> SavedOutputs:
    import zipfile

    try:
        # Opened here, since numpy leaves a damaged file open.
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BadData(
            f"{path} cannot be read as an .npz of arrays: {numpys_reason(error)}; "
            "write it with numpy.savez"
        ) from error
    told = {}
    if ABOUT in arrays and arrays[ABOUT].dtype.kind == "U":
        about = about_of(path, arrays.pop(ABOUT))
        told = {about.model: about}
    labels = arrays.pop("labels", None)
    counts = arrays.pop("label_counts", None)
    models = _by_model(path, arrays)
    n = len(next(iter(models.values())))
    seen = [_checked_array(path, name, array, n) for name, array in models.items()]
    classes = max(seen)
    if labels is None and counts is not None:
        raise BadData(
            f"{path} has `label_counts` but no `labels`, which they count; save both"
        )
    sets = None if labels is None else label_sets(path, labels, counts, n)
    if sets is not None:
        labels = None
    elif labels is not None:
        classes = max(classes, _checked_labels(path, labels, n, seen, models))
        labels = labels.astype(np.int64)
    return SavedOutputs(
        path=path,
        models=models,
        labels=labels,
        sets=sets,
        classes=classes,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        told=told,
    )


def _by_model(path: Path, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    if "models" in arrays:
        names = [safe_name(str(name)) for name in arrays.pop("models").ravel()]
        kinds = [kind for kind in ("logits", "predictions") if kind in arrays]
        if not kinds:
            raise BadData(
                f"{path} has `models` but neither `logits` nor `predictions`; it has "
                f"{', '.join(arrays) or 'nothing else'}"
            )
        stack = arrays[kinds[0]]
        if len(stack) != len(names):
            raise BadData(
                f"{path} names {counted(len(names), 'model')} but `{kinds[0]}` holds "
                f"{len(stack)}"
            )
        found = list(zip(names, stack, strict=True))
    else:
        found = [(safe_name(name), array) for name, array in arrays.items()]
    models = dict(found)
    if len(models) < len(found) or not models:
        raise BadData(f"{path} must name at least one model, and each once")
    return models


def _checked_array(path: Path, name: str, array: NDArray[Any], n: int) -> int:
    """How many classes an array knows of; BadData if it is none."""
    where = f"outputs of model {name} in {path}"
    if array.ndim not in (1, 2) or len(array) != n or n == 0:
        raise BadData(
            f"{where} must be ({n or 'n'}, k) logits or ({n or 'n'},) predicted "
            f"classes, one row an image, got shape {array.shape}"
        )
    if array.ndim == 1:
        if not np.issubdtype(array.dtype, np.integer) or array.min() < 0:
            raise BadData(f"{where} must be whole class numbers from 0, got others")
        return int(array.max()) + 1
    if not np.issubdtype(array.dtype, np.floating) or array.shape[1] < 2:
        raise BadData(
            f"{where} must be floating-point logits of at least 2 classes, "
            f"got {array.dtype} of shape {array.shape}"
        )
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise BadData(
            f"{where} must be finite, but {len(bad)} of {n} rows have nan or "
            f"infinity, the first is row {bad[0]}"
        )
    if total := probability_total(array):
        raise BadData(
            f"{where} must be logits, but its rows are probabilities: they sum to "
            f"{total}; save the logits, or the logarithms of these"
        )
    if lie_in_unit_interval(array):
        raise BadData(
            f"{where} must be logits, but all {array.size} numbers are in [0, 1], as "
            "those of sigmoids are; save what enters the sigmoid, log(p / (1 - p)), or "
            "divide similarities by their temperature"
        )
    return int(array.shape[1])


def _checked_labels(
    path: Path,
    labels: NDArray[Any],
    n: int,
    seen: Sequence[int],
    models: dict[str, NDArray[Any]],
) -> int:
    """One more than the largest label; BadData if they do not fit the outputs."""
    if labels.shape != (n,) or not np.issubdtype(labels.dtype, np.integer):
        raise BadData(
            f"`labels` in {path} must be {n} whole numbers, one an image, "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    known = [k for k, a in zip(seen, models.values(), strict=True) if a.ndim == 2]
    check_numbers(f"`labels` in {path}", labels, min(known, default=None))
    return int(labels.max()) + 1

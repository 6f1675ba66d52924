"""Published: a network against a published row, by image where that has predictions.

A row is of timm's tables, of the ImageNet testbed's, or of a file of predicted classes:

    timm:resnet50.tv_in1k@224
    testbed:resnet50
    cifar10_test.npz:resnet_basic_56

Of the first two accuracies are known and no answers, so that counts are compared. They
are of ImageNet; whose images the third is of, its labels say.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.analysis.differences import Difference, count_of, paired, unpaired
from harness.errors import (
    BadData,
    HarnessError,
    MissingData,
    UndefinedMetricError,
    UnknownName,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.analysis.tables import AccuracyTable

_FACTS = "against_published"
TABLES, PREDICTIONS = "published-results", "published-predictions"
_TIMM, _TESTBED = "timm", "testbed"
_BASE = "imagenet"  # that the tables are of
#: Images of each set that an accuracy was published of.
IMAGES = {
    "test": 50_000,
    "imagenet-real": 46_837,  # that have a label
    "imagenet-v2": 10_000,
    "imagenet-v2-threshold-0.7": 10_000,
    "imagenet-v2-top-images": 10_000,
    "imagenet-sketch": 50_889,
    "imagenet-a": 7_500,
    "imagenet-a-clean": 10_000,
    "imagenet-r": 30_000,
    "imagenet-r-clean": 10_000,
}
#: What the tables call them.
_COLUMNS = {
    _TIMM: {
        "test": "val",
        "imagenet-real": "ReaL",
        "imagenet-v2": "V2",
        "imagenet-sketch": "Sketch",
        "imagenet-a": "A",
        "imagenet-a-clean": "A clean",
        "imagenet-r": "R",
        "imagenet-r-clean": "R clean",
    },
    # Its ImageNet-C was resized twice, so it is in no column here.
    _TESTBED: {
        "test": "val",
        "imagenet-v2": "imagenetv2-matched-frequency-format-val",
        "imagenet-v2-threshold-0.7": "imagenetv2-threshold-0.7-format-val",
        "imagenet-v2-top-images": "imagenetv2-top-images-format-val",
        "imagenet-sketch": "imagenet-sketch",
        "imagenet-a": "imagenet-a",
        "imagenet-a-clean": "val-on-imagenet-a-classes",
        "imagenet-r": "imagenet-r",
        "imagenet-r-clean": "val-on-imagenet-r-classes",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Beyond:
    """A network's accuracy less a published one, as `record` takes it.

    Attributes
    ----------
    found
        With its interval.
    """

    found: Difference

    @property
    def value(self) -> float:
        """The difference."""
        return self.found.value

    @property
    def low(self) -> float:
        """The low end of its interval."""
        return self.found.low

    @property
    def high(self) -> float:
        """The high end."""
        return self.found.high

    @property
    def facts(self) -> dict[str, str]:
        """What is kept beside the value; `read_facts` reads it again."""
        facts = {
            "images": self.found.images,
            "p_value": self.found.p_value,
            "paired": self.found.paired,
            "verdict": self.found.verdict().value,
        }
        return {_FACTS: json.dumps(facts)}


def read_facts(facts: Mapping[str, str]) -> dict[str, Any]:
    """What `Beyond.facts` are of: images of both, p value, whether paired, verdict."""
    found: dict[str, Any] = json.loads(facts[_FACTS])
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedRow:
    """What was published of one network.

    Attributes
    ----------
    name
        As it was asked for.
    accuracies
        Top-1 by what the harness calls the set, of all images that were published.
    predicted, labels
        (n,) classes and (n,) what was right, of the images of one set in their
        published order; empty where no answers were published.
    """

    name: str
    accuracies: Mapping[str, float]
    predicted: NDArray[np.int64]
    labels: NDArray[np.int64]

    def against(
        self, right: NDArray[np.bool_], labels: NDArray[np.int64] | None, dataset: str
    ) -> Beyond:
        """A network's accuracy less the row's, on a set.

        Parameters
        ----------
        right
            (n,) whether the network is, of the images that have a right answer.
        labels
            (n,) their classes in their order; None where an image has several. Where
            they are those of the row one by one, the images are, and are paired.
        dataset
            What the set is called.

        Raises
        ------
        UndefinedMetricError
            If nothing was published of the set.
        """
        if len(self.predicted):
            if labels is None or not np.array_equal(labels, self.labels):
                raise UndefinedMetricError(
                    f"its images are not those of {self.name}: labels are others, or "
                    "in another order"
                )
            return Beyond(found=paired(right, self.predicted == self.labels))
        if dataset not in self.accuracies:
            raise UndefinedMetricError(f"{self.name} has no published number of it")
        images = IMAGES[dataset]
        count = count_of(self.accuracies[dataset], images)
        found = unpaired(int(right.sum()), len(right), count, images)
        return Beyond(found=found)


def published_row(name: str, roots: Iterable[Path], base: str) -> PublishedRow:
    """The row of a name, in the tables and files below some data roots.

    Parameters
    ----------
    name, roots
        Of a form above, and the folders to look in.
    base
        What the run's images are of. Sets of two bases can have one name, "test".

    Raises
    ------
    HarnessError
        If the name is of none of the forms above, or there is no such network, with
        close names; or if it was published of another base.
    MissingData
        If the tables or the file are not there.
    """
    source, colon, model = name.rpartition(":")
    if not colon or not model or not source:
        raise HarnessError(
            "a published row must be timm:NAME, testbed:NAME or FILE.npz:NAME, got "
            f"{name!r}"
        )
    if source.endswith(".npz"):
        return _of_predictions(name, source, model, roots)
    if source not in _COLUMNS:
        raise HarnessError(
            f"a published row must be of {_TIMM}, {_TESTBED} or a file that ends in "
            f".npz, got {source!r}"
        )
    if base != _BASE:
        raise HarnessError(
            f"{name} was published of base {_BASE}, and this run is of {base}: add "
            f"--harness-base {_BASE}, or name a FILE.npz:NAME of answers on its images"
        )
    table = _table(source, roots)
    place = table.models.index(_known(name, model, table.models))
    found = {
        dataset: float(table.column(column)[place])
        for dataset, column in _COLUMNS[source].items()
    }
    none = np.empty(0, dtype=np.int64)
    return PublishedRow(
        name=name,
        accuracies={n: value for n, value in found.items() if np.isfinite(value)},
        predicted=none,
        labels=none,
    )


def _table(source: str, roots: Iterable[Path]) -> AccuracyTable:
    from harness.selftest.lines import table_of_the_testbed, timm_table

    read = timm_table if source == _TIMM else table_of_the_testbed
    places = [root / TABLES for root in roots]
    for place in places:
        try:
            return read(place)
        except FileNotFoundError:
            continue
        except ValueError as error:
            raise BadData(f"tables in {place} cannot be read: {error}") from error
    raise MissingData(
        f"tables of {source}",
        places,
        "set --harness-data-root to the folder above",
    )


def _of_predictions(
    name: str, file: str, model: str, roots: Iterable[Path]
) -> PublishedRow:
    places = [Path(file), *(root / PREDICTIONS / file for root in roots)]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise MissingData(
            f"predictions {file}", places, "name a file that exists, or its folder's"
        )
    arrays = _arrays(path)
    models = [str(one) for one in arrays["models"]]
    place = models.index(_known(name, model, models))
    return PublishedRow(
        name=name,
        accuracies={},
        predicted=arrays["predictions"][place].astype(np.int64),
        labels=arrays["labels"].astype(np.int64),
    )


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    wanted = "models", "predictions", "labels"
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            arrays = {one: file[one] for one in wanted}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise BadData(
            f"{path} must be an .npz file of models, predictions and labels: {error}"
        ) from error
    shape = len(arrays["models"]), *arrays["labels"].shape
    given = arrays["predictions"]
    whole = all(arrays[one].dtype.kind in "iu" for one in wanted[1:])
    if not whole or given.shape != shape or len(shape) != 2 or not shape[1]:
        raise BadData(
            f"{path} must hold whole numbers, predictions (models, n) and labels (n,), "
            f"got {given.dtype} {given.shape} of {shape[0]} models and labels "
            f"{arrays['labels'].shape}"
        )
    return arrays


def _known(name: str, model: str, models: Iterable[str]) -> str:
    """A model's name as the source has it: of one size that size may be left out."""
    found = [one for one in models if model in (one, one.partition("@")[0])]
    if model in found:
        return model
    if len(found) != 1:
        raise UnknownName(f"published network of {name}", model, found or models)
    return found[0]

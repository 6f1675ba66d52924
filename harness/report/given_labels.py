"""Labels that somebody gave images of the targets: a CSV, read as plain text.

It is the file that `harness.report.label_list` wrote, its column ``label`` filled in.
Whatever does not fit the run's data is refused with its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.analysis.labelling import Labelled, drawn, labelled_interval
from harness.datasets.truth import Truth
from harness.errors import BadData, HarnessError, UndefinedMetricError
from harness.measurement import Domain
from harness.report.class_names import class_names
from harness.report.run_file.table_files import guarded
from harness.sampling import sampled_rows
from harness.settings import TOP_1

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset
    from harness.run import Run

#: Of the file, whatever else it has.
COLUMNS = ("dataset", "index", "file", "label")
#: What may join them: spreadsheets write semicolons where commas are in numbers.
_JOINED_BY = {",": "commas", ";": "semicolons", "\t": "tabs"}
#: The label of an image that no class is right for.
NONE = "none"
_NONE = -1
# Spreadsheets may write class 7 as 7.0.
_WHOLE = re.compile(r"([0-9]{1,11})(?:\.0+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The labels of one dataset.

    Attributes
    ----------
    labels
        By the image's number: the class's, or -1 where no class is right.
    """

    labels: Mapping[int, int]


def targets_of(run: Run) -> dict[str, Dataset]:
    """The run's datasets without labels, by name."""
    return {
        name: one for name, one in run.datasets.items() if one.domain is Domain.TARGET
    }


def read_labels(path: Path, run: Run) -> dict[str, Given]:
    """The labels in a file, by dataset.

    Raises
    ------
    BadData
        If it cannot be read, is no such table, has no label as yet, or a line does not
        fit: an unknown dataset, image or class, another file's name, an image twice.
    HarnessError
        If the run predicts another outcome than accuracy.
    """
    if run.settings.outcome != TOP_1:
        raise HarnessError(
            "labels say how many images are right, and this run is about "
            f"{run.settings.outcome}; leave --harness-outcome or --harness-labels out"
        )
    targets = targets_of(run)
    found: dict[str, dict[int, int]] = {}
    seen: set[tuple[str, int]] = set()
    known: dict[str, _Known] = {}
    for line, row in rows_of(path):
        where = f"{path}, line {line}"
        name = row["dataset"]
        if name not in known:
            if name not in targets:
                there = ", ".join(targets) or "none"
                raise BadData(
                    f"{where}: `dataset` must be a target of this run ({there}), got "
                    f"{name!r:.80}"
                )
            known[name] = _Known(run, targets[name])
        index = known[name].index(row["index"], where)
        if (name, index) in seen:
            raise BadData(f"{where}: image {index} of {name} stands there twice")
        seen.add((name, index))
        known[name].check_file(index, row["file"], where)
        if text := row["label"].strip():
            label = known[name].label(text, where)
            found.setdefault(name, {})[index] = label
    if not found:
        raise BadData(
            f"{path} has no label as yet; fill in its column `label` with names or "
            f"numbers of classes ({NONE} where none is right)"
        )
    return {name: Given(labels=labels) for name, labels in found.items()}


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The number of each line and its cells, in order.

    Cells are joined by commas, semicolons or tabs: by what joins the header's.

    Raises
    ------
    BadData
        If it is no text in UTF-8, or no table with the columns `COLUMNS`.
    """
    text = _text(path)
    joined = _joined_by(text)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=joined)
        head = next(reader, [])
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise BadData(f"labels {path} cannot be read: {error}") from error
    if lacking := [name for name in COLUMNS if head.count(name) != 1]:
        raise BadData(
            f"labels {path} must have each of the columns {', '.join(COLUMNS)} once, "
            f"joined by commas, semicolons or tabs, and {', '.join(lacking)} "
            f"{'is' if len(lacking) == 1 else 'are'} not so where "
            f"{_JOINED_BY[joined]} join them; --harness-label-next writes such a file"
        )
    places = {name: head.index(name) for name in COLUMNS}
    for line, row in rows:
        if len(row) != len(head):
            raise BadData(
                f"{path}, line {line}: it must have {len(head)} cells as the header, "
                f"got {len(row)}"
            )
        yield line, {name: row[place] for name, place in places.items()}


def _text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadData(
            f"labels {path} cannot be read: it must be text in UTF-8, and byte "
            f"{error.start} is none; save the list as CSV in UTF-8"
        ) from error
    except (OSError, ValueError) as error:
        raise BadData(f"labels {path} cannot be read: {error}") from error
    if "\0" in text:  # as in UTF-16 without a mark
        raise BadData(
            f"labels {path} cannot be read: it must be text in UTF-8, and has bytes of "
            "0; save the list as CSV in UTF-8"
        )
    return text


def _joined_by(text: str) -> str:
    """What joins the cells of the header: that by which most columns are known."""
    first = text.partition("\n")[0].rstrip("\r")

    def columns(joint: str) -> int:
        cells = next(csv.reader([first], delimiter=joint), [])
        return len(set(COLUMNS) & set(cells))

    return max(_JOINED_BY, key=columns)  # of none, commas


class _Known:
    """What a dataset's lines are held to."""

    def __init__(self, run: Run, dataset: Dataset) -> None:
        self._name = dataset.name
        self._dataset = dataset
        self._images = len(dataset.load())
        self._limit = run.settings.max_images
        rows = sampled_rows(self._images, self._limit)
        self._rows = frozenset(rows.tolist())
        self._classes = class_names(run, dataset)

    def index(self, text: str, where: str) -> int:
        """The image's number."""
        whole = text.isascii() and text.isdigit() and len(text) < 12
        if not whole or int(text) >= self._images:
            raise BadData(
                f"{where}: `index` must be an image of {self._name}, 0 to "
                f"{self._images - 1}, got {text!r:.60}"
            )
        if int(text) not in self._rows:
            raise BadData(
                f"{where}: image {text} of {self._name} is not among the "
                f"{len(self._rows)} that --harness-max-images {self._limit} samples"
            )
        return int(text)

    def check_file(self, index: int, text: str, where: str) -> None:
        """Refuse a line that is of another file than its image."""
        name = image_name(self._dataset, index)
        if text not in (name, guarded(name)):
            raise BadData(
                f"{where}: `file` of image {index} of {self._name} must be {name!r}, "
                f"got {text!r:.120}; the folder or the list has changed since it was "
                "written"
            )

    def label(self, text: str, where: str) -> int:
        """The number of a class that is named or numbered."""
        names = self._classes
        for name in (text, text.removeprefix("'")):
            if name in names:
                return names.index(name)
        if text.casefold() == NONE:
            return _NONE
        if whole := _WHOLE.fullmatch(text):
            if int(whole[1]) < len(names):
                return int(whole[1])
            raise BadData(
                f"{where}: `label` must be a class, 0 to {len(names) - 1} or a name, "
                f"got {text!r:.60}"
            )
        close = get_close_matches(text[:80], names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise BadData(
            f"{where}: `label` must be the name or number of a class of "
            f"{self._name}, or {NONE}, got {text!r:.60}{hint}"
        )


def image_name(dataset: Dataset, index: int) -> str:
    """What an image is known by: its file, or of arrays a digest of its pixels."""
    if dataset.names:
        return dataset.names[index]
    import hashlib

    pixels = dataset.load().take(np.array([index]))
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes())
    return f"pixels {digest.hexdigest()[:12]}"


def judged(run: Run, given: Mapping[str, Given]) -> dict[tuple[str, str], Labelled]:
    """By model and dataset, what the labels say of all images.

    Runs the networks on the datasets once more. Encoders predict no classes and have no
    accuracy.
    """
    found = {}
    for name, one in given.items():
        dataset = run.datasets[name]
        for model in run.models:
            if model not in run.encoders:
                found[model, name] = _judged(run, model, dataset, one.labels)
    return found


def _judged(
    run: Run, model: str, dataset: Dataset, labels: Mapping[int, int]
) -> Labelled:
    rows = sampled_rows(len(dataset.load()), run.settings.max_images)
    place = {int(row): i for i, row in enumerate(rows)}
    places = np.array([place[index] for index in labels], dtype=np.intp)
    answers, sure = said(run, model, dataset)
    return labelled_interval(
        _right(run, dataset, answers[places], list(labels.values())),
        None if sure is None else sure[places],
        sure,
        len(rows),
        at_random=_at_random(places, len(rows)),
    )


def _right(
    run: Run,
    dataset: Dataset,
    answers: NDArray[np.int64],
    labels: Sequence[int],
) -> NDArray[np.bool_]:
    """Whether each answer is the label; never where no class is right."""
    array = np.array(labels, dtype=np.int64)
    right = np.zeros(len(array), dtype=np.bool_)
    known = array != _NONE
    if known.any():
        truth = Truth.one(
            array[known],
            dataset.classes or len(run.base.classes),
            of=f"labels given to {dataset.name}",
        )
        right[known] = truth.right_answers(answers[known])
    return right


def _at_random(places: NDArray[np.intp], images: int) -> bool:
    """Whether they are the first of the draw, in whatever order."""
    return set(places.tolist()) == set(drawn(images)[: len(places)].tolist())


def said(
    run: Run, model: str, dataset: Dataset
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """(n,) answers, and their probabilities; None where classes alone were saved.

    One forward pass.
    """
    from harness.arrays import confidence

    predictions = run.predict(model, dataset)
    sure = None
    try:
        logits = predictions.logits()
    except UndefinedMetricError:
        pass
    else:
        if dataset.classes is not None:
            logits = dataset.classes.restrict(logits)
        sure = confidence(logits, run.activation(model, dataset.classes))
    run.remember(model, dataset, predictions)
    return run.answers(model, dataset), sure

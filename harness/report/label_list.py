"""The list of images to label next: a CSV, to be filled in and given back.

The images are the first of a random order of all of them, in that order, so that who
stops early has labelled a random sample all the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.analysis.headlines import Headline
from harness.analysis.labelling import drawn
from harness.errors import BadData, HarnessError
from harness.report.class_names import answer_name, class_names
from harness.report.given_labels import (
    COLUMNS,
    NONE,
    Given,
    image_name,
    rows_of,
    said,
    targets_of,
)
from harness.report.run_file.json import write_report
from harness.report.run_file.table_files import guarded
from harness.sampling import sampled_rows

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset
    from harness.run import Run


def check_list(path: Path) -> None:
    """Refuse to write over labels that somebody filled in.

    Raises
    ------
    HarnessError
        If the file is there, and is no list or has a label.
    """
    if not path.exists():
        return
    try:
        filled = any(row["label"].strip() for _, row in rows_of(path))
    except BadData:
        raise HarnessError(
            f"--harness-label-next must name a new file, but {path} is there and is no "
            "list of images"
        ) from None
    if filled:
        raise HarnessError(
            f"--harness-label-next must not name {path}, which has labels; give them "
            "back with --harness-labels, and name a new file"
        )


def write_list(
    path: Path,
    run: Run,
    headlines: Sequence[Headline],
    given: Mapping[str, Given],
) -> None:
    """Write which images to label, as many as the headlines say of each dataset.

    Parameters
    ----------
    headlines
        Of the run; of several models on a dataset the one that asks for most counts.
    given
        Labels that are there already: their images stand in the list with them.

    Raises
    ------
    HarnessError
        If it cannot be written.
    """
    models = [name for name in run.models if name not in run.encoders]
    marks = ["" if len(models) == 1 else f" {name}" for name in models]
    heads = [f"{word}{mark}" for mark in marks for word in ("predicted", "confidence")]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *map(guarded, heads)])
    for name, dataset in targets_of(run).items():
        wanted = [
            one.advice.label
            for one in headlines
            if one.dataset == name and one.advice is not None
        ]
        known = given.get(name, Given(labels={}))
        writer.writerows(_rows(run, models, dataset, max(wanted, default=0), known))
    write_report(path, out.getvalue())


def _rows(
    run: Run, models: Sequence[str], dataset: Dataset, wanted: int, given: Given
) -> Iterator[list[str]]:
    """A line for each image of the draw, and for what has a label besides."""
    rows = sampled_rows(len(dataset.load()), run.settings.max_images)
    listed = [int(rows[place]) for place in drawn(len(rows))[:wanted]]
    listed += [index for index in given.labels if index not in set(listed)]
    if not listed:
        return
    place = {int(row): i for i, row in enumerate(rows)}
    names = class_names(run, dataset)
    found = [said(run, model, dataset) for model in models]
    for index in listed:
        label = given.labels.get(index)
        cells = [dataset.name, str(index), image_name(dataset, index)]
        cells.append("" if label is None else names[label] if label >= 0 else NONE)
        for answers, sure in found:
            cells.append(answer_name(run, dataset, int(answers[place[index]])))
            cells.append("" if sure is None else f"{sure[place[index]]:.4f}")
        yield [guarded(cell) for cell in cells]

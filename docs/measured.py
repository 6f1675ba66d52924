"""docs/measured.json: what a stored run on real data found, small enough to keep."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import BadData

PATH = Path(__file__).parent / "measured.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The run that was measured, in words where a report does not say it.

    Attributes
    ----------
    command
        What was typed.
    data, machine
        What the images are, and where it ran.
    images
        Of each dataset.
    families
        Number of datasets by family.
    models
        Accuracy on the test split by model.
    """

    command: str
    data: str
    machine: str
    images: int
    families: dict[str, int]
    models: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one metric tracked the accuracy of one model.

    Attributes
    ----------
    metric, model
        Of the correlation.
    interior_r2, interior_rho
        R² of the interior's line on its own datasets, and Spearman's rank correlation.
    exterior_r2, exterior_rho, exterior_mae
        R² and mean absolute error of the interior's line on the exterior datasets; rank
        correlation there.
    own_mae
        Of an estimate of accuracy: its mean absolute error on the exterior, unfitted.
    ms
        Median milliseconds a cell, beyond forward passes and heads.
    """

    metric: str
    model: str
    interior_r2: float | None
    interior_rho: float | None
    exterior_r2: float | None
    exterior_rho: float | None
    exterior_mae: float | None
    own_mae: float | None
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A run, what it found, and why it found nothing of other metrics."""

    about: About
    rows: tuple[Row, ...]
    skipped: dict[str, str]


def load_measured(path: Path = PATH) -> Measured:
    """Read what `save_measured` wrote."""
    found = json.loads(path.read_text())
    return Measured(
        about=About(**found["about"]),
        rows=tuple(Row(**row) for row in found["rows"]),
        skipped=found["skipped"],
    )


def save_measured(measured: Measured, path: Path = PATH) -> None:
    """Write it, a row of the table on a line."""
    rows = ",\n".join("  " + json.dumps(asdict(row)) for row in measured.rows)
    about = json.dumps(asdict(measured.about), indent=1)
    skipped = json.dumps(measured.skipped, indent=1)
    path.write_text(
        f'{{"about": {about},\n"rows": [\n{rows}\n],\n"skipped": {skipped}}}\n'
    )


def from_report(
    report: dict[str, Any], *, command: str, data: str, machine: str
) -> Measured:
    """Condense what `--harness-report-json` wrote.

    Raises
    ------
    BadData
        If datasets hold unequal numbers of images or none is the test split: neither
        is what the page says.
    """
    measurements = report["measurements"]
    images = {m["images"] for m in measurements}
    if len(images) != 1:
        raise BadData(f"the report's datasets must be of one size, got {images}")
    accuracy = {
        m["model"]: m["accuracy"] for m in measurements if m["family"] == "test"
    }
    if not accuracy:
        raise BadData("the report must hold the test split, got none of it")
    datasets = {(m["family"], m["dataset"]) for m in measurements}
    seconds: dict[tuple[str, str], list[float]] = {}
    for m in measurements:
        seconds.setdefault((m["metric"], m["model"]), []).append(m["seconds"])
    return Measured(
        about=About(
            command=command,
            data=data,
            machine=machine,
            images=images.pop(),
            families=dict(sorted(Counter(family for family, _ in datasets).items())),
            models=dict(sorted(accuracy.items())),
        ),
        rows=tuple(
            _row(c, seconds[c["metric"], c["model"]])
            for c in sorted(
                (c for c in report["correlations"] if c["model"] is not None),
                key=lambda c: (c["metric"], c["model"]),
            )
        ),
        skipped={
            s["test"].rpartition("::test_")[2]: s["reason"] for s in report["skipped"]
        },
    )


def _row(correlation: dict[str, Any], seconds: Sequence[float]) -> Row:
    def number(part: str, name: str) -> float | None:
        """None where the part is undefined or does not apply."""
        value = (correlation.get(part) or {}).get(name)
        return None if value is None else round(value, 4)

    return Row(
        metric=correlation["metric"],
        model=correlation["model"],
        interior_r2=number("interior", "r2"),
        interior_rho=number("interior", "spearman"),
        exterior_r2=number("transfer", "r2"),
        exterior_rho=number("exterior", "spearman"),
        exterior_mae=number("transfer", "mae"),
        own_mae=number("exterior_error", "mae"),
        ms=float(f"{1000 * statistics.median(seconds):.2g}"),
    )

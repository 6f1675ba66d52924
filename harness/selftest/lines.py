"""Accuracy on the line over published networks: timm's tables and the testbed's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.analysis.fits.scales import Scale
from harness.analysis.on_the_line import AccuracyLine, accuracy_line
from harness.analysis.tables import AccuracyTable, join_tables, read_table
from harness.selftest.check import Check

#: Files of timm's tables by the set that they are of.
TIMM = {
    "val": "results-imagenet",
    "ReaL": "results-imagenet-real",
    "V2": "results-imagenetv2-matched-frequency",
    "Sketch": "results-sketch",
    "A": "results-imagenet-a",
    "R": "results-imagenet-r",
    "A clean": "results-imagenet-a-clean",
    "R clean": "results-imagenet-r-clean",
}
_TESTBED = "imagenet_testbed_robustness_top1s.csv"

# From what, to what: of accuracies as they are n, Pearson, Spearman, Kendall, R², slope
# and intercept; then in probits Pearson, R², slope and intercept.
_RAW = ("n", "r", "rho", "tau", "R2", "slope", "intercept")
_PROBIT = ("r", "R2", "slope", "intercept")
_TIMM_LINES = {
    ("val", "ReaL"): (
        *("1556", ".9844", ".9924", ".9287", ".9690", ".8116", ".2049"),
        *(".9879", ".9759", ".9108", ".2934"),
    ),
    ("val", "V2"): (
        *("1556", ".9904", ".9950", ".9424", ".9808", "1.1438", "-.2250"),
        *(".9959", ".9919", ".9635", "-.3229"),
    ),
    ("val", "Sketch"): (
        *("1556", ".8087", ".9457", ".8056", ".6540", "1.5160", "-.8874"),
        *(".9033", ".8159", "1.4134", "-1.6844"),
    ),
    ("val", "A"): (
        *("1555", ".7533", ".9815", ".8858", ".5674", "2.8889", "-2.0692"),
        *(".8961", ".8031", "3.5562", "-3.9178"),
    ),
    ("val", "R"): (
        *("1556", ".7909", ".9433", ".8053", ".6255", "1.6794", "-.8932"),
        *(".8429", ".7104", "1.4461", "-1.3690"),
    ),
    ("A clean", "A"): (
        *("1555", ".6549", ".9833", ".8890", ".4289", "3.6784", "-3.2111"),
        *(".9332", ".8709", "2.5462", "-4.9996"),
    ),
    ("R clean", "R"): (
        *("1556", ".7028", ".9503", ".8141", ".4939", "2.4176", "-1.8136"),
        *(".8519", ".7257", "1.2046", "-2.0360"),
    ),
}
# Mean drop from val in points, and the largest effective robustness in points.
_DROPS = {"ReaL": "-5.23", "V2": "10.85", "Sketch": "46.95", "A": "53.93", "R": "34.29"}
_ROBUST = {
    ("val", "Sketch"): "19.9",
    ("R clean", "R"): "26.5",
}
# Of the testbed: from what, to what; models, R², slope and intercept in probits.
_TESTBED_LINES = {
    "V2": (
        *("val", "imagenetv2-matched-frequency-format-val"),
        ("335", ".9994", ".9147", "-.2852"),
    ),
    "V2 threshold-0.7": (
        *("val", "imagenetv2-threshold-0.7-format-val"),
        ("335", ".9996", ".9874"),
    ),
    "V2 top-images": (
        *("val", "imagenetv2-top-images-format-val"),
        ("335", ".9995", "1.0146"),
    ),
    "Sketch": ("val", "imagenet-sketch", ("335", ".9587")),
    "R of its classes": (
        *("val-on-imagenet-r-classes", "imagenet-r"),
        ("329", ".9298"),
    ),
    "A of its classes": (
        *("val-on-imagenet-a-classes", "imagenet-a"),
        ("334", ".4768"),
    ),
    "ObjectNet of its classes": (
        *("val-on-objectnet-classes", "objectnet-1.0-beta"),
        ("335", ".9765"),
    ),
}
_TESTBED_WORDS = ("n", "R2", "slope", "intercept")


def timm_table(folder: Path) -> AccuracyTable:
    """All networks of timm's tables, at each image size; nan where one has none."""
    return join_tables(
        *(
            read_table(
                (folder / _timm_file(name)).read_text(encoding="utf-8"),
                keys=("model", "img_size"),
                columns={"top1": name},
                percent=True,
            )
            for name in TIMM
        )
    )


def table_of_the_testbed(folder: Path) -> AccuracyTable:
    """The testbed's networks on its 213 sets."""
    return read_table((folder / _TESTBED).read_text(encoding="utf-8"), percent=True)


def line_of(
    table: AccuracyTable, x: str, y: str, scale: Scale = Scale.PROBIT
) -> AccuracyLine:
    """Over networks that have both, and are right at all: 0 has no probit."""
    _, first, second = table.pair(x, y)
    kept = second > 0
    return accuracy_line(first[kept], second[kept], scale=scale)


def _timm_file(name: str) -> str:
    return f"timm/{TIMM[name]}.csv"


def _timm(folder: Path) -> Mapping[str, float]:
    table = timm_table(folder)
    found: dict[str, float] = {}
    for x, y in _TIMM_LINES:
        raw, probit = (line_of(table, x, y, s) for s in (Scale.LINEAR, Scale.PROBIT))
        values = (
            *(raw.n, raw.pearson, raw.spearman, raw.kendall, raw.r2),
            *(raw.line.slope, raw.line.intercept),
            *(probit.pearson, probit.r2, probit.line.slope, probit.line.intercept),
        )
        found |= dict(zip(_names(x, y), map(float, values), strict=True))
    for y in _DROPS:
        _, first, second = table.pair("val", y)
        found[f"val to {y}: mean drop"] = float(100 * (first - second).mean())
    for x, y in _ROBUST:
        _, first, second = table.pair(x, y)
        robust = line_of(table, x, y).effective_robustness(first, second)
        found[_robust(x, y)] = float(100 * robust.max())
    return found


def _names(x: str, y: str) -> list[str]:
    return [
        *(f"{x} to {y}: {word}" for word in _RAW),
        *(f"{x} to {y}, probit: {word}" for word in _PROBIT),
    ]


def _robust(x: str, y: str) -> str:
    return f"{x} to {y}: largest effective robustness"


def _testbed(folder: Path) -> Mapping[str, float]:
    table = table_of_the_testbed(folder)
    found: dict[str, float] = {}
    for name, (x, y, _) in _TESTBED_LINES.items():
        line = line_of(table, x, y)
        values = (line.n, line.r2, line.line.slope, line.line.intercept)
        found |= {
            f"val to {name}: {word}": float(value)
            for word, value in zip(_TESTBED_WORDS, values, strict=True)
        }
    return found


CHECKS = (
    Check(
        title="timm's results on the line",
        files=tuple(_timm_file(name) for name in TIMM),
        published={
            **{
                name: value
                for (x, y), values in _TIMM_LINES.items()
                for name, value in zip(_names(x, y), values, strict=True)
            },
            **{f"val to {y}: mean drop": value for y, value in _DROPS.items()},
            **{_robust(x, y): value for (x, y), value in _ROBUST.items()},
        },
        found=_timm,
        source="tables of huggingface/pytorch-image-models, October 2025; computed by "
        "other code",
    ),
    Check(
        title="the ImageNet testbed on the line, in probits",
        files=(_TESTBED,),
        published={
            f"val to {name}: {word}": value
            for name, (_, _, values) in _TESTBED_LINES.items()
            for word, value in zip(_TESTBED_WORDS, values, strict=False)
        },
        found=_testbed,
        source="tables of modestyachts/imagenet-testbed; computed by other code",
    ),
)

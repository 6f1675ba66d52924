"""How good are predictions of accuracy, on kinds of shift that no fit has seen?

    python -m benchmarks.predicting
    python -m benchmarks.predicting --bases digits,mnist --part aside

It measures each base's models on its interior and on many exteriors (cells that the
store has are found there), lets each predictor say what it expects of every exterior,
and compares that with the labels. Scenarios in two parts: on the *tuned* ones choices
were made; the *aside* ones were never looked at before the choices were final: other
seeds of data and of trained networks, few images, other shares of the classes, digits
of the other base, and each pool of transformations as an exterior of the other three.

In points: mean absolute error with its 95 % interval over kinds and models, bias, the
error on the worst model; of intervals: share that held, mean width, share of datasets
on which the predictor abstains (these count in the error and in no interval). Families
of a base count alike, however many datasets they have.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import stdtrit

from benchmarks.predicting_sets import exteriors
from harness.analysis.correlation import Correlation, Undefined, correlate
from harness.analysis.predictors import Predictor, combine
from harness.analysis.targets import predict_targets
from harness.commands.predict import POOLS
from harness.measurement import Domain, Measurement
from harness.traits import is_test_split, kinds

# Before anything was chosen these were fixed as what may be looked at.
TUNED_SEED = 0
UNTUNED = ("few", "shares", "digits-28", *POOLS)
SETS = 40  # of the interior: as many of the first pool, or a quarter from each
NEED_OTHERS = ("agreement", "aline_s", "aline_d")
# Head -> predictor: shown beside the forecast on each family.
BESIDE = {
    "COTT": "cott, as it is",
    "COT": "cot, as it is",
    "nuclear": "line of nuclear norm",
}
MEDIAN = ("atc_mc", "atc_ne", "cot", "cott")
Key = tuple[str, str]  # model, dataset


@dataclass(frozen=True, kw_only=True)
class Run:
    """One base, measured with one seed of data and of training."""

    base: str
    seed: int
    images: int | None = None
    models: str = ""


RUNS = (
    Run(base="digits", seed=0, models="linear,mlp,lenet,resnet,vgg"),
    Run(base="digits", seed=1, models="linear,mlp,lenet,resnet,vgg"),
    Run(base="mnist", seed=0, images=1000, models="linear,lenet"),
    Run(base="mnist", seed=1, images=1000, models="linear,lenet"),
    Run(base="cifar10", seed=0, images=500, models="resnet20,resnet56"),
    Run(base="cifar10", seed=1, images=500, models="resnet20"),
)


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What a predictor said of one dataset, and what is true."""

    predictor: str
    base: str
    part: str
    model: str
    family: str
    kind: str
    error: float  # said minus true
    held: bool | None = None  # None: no interval, or not to be believed
    width: float = float("nan")
    abstains: bool = False
    images: int = 0

    @property
    def shown(self) -> str:
        """The family, of few images with their number."""
        return f"few, {self.images}" if self.family == "few" else self.family


def main() -> None:
    """Measure what is lacking, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bases", default="digits,mnist,cifar10")
    parser.add_argument("--part", choices=("tuned", "aside", "both"), default="both")
    parser.add_argument("--seeds", default="0,1", help="of data and of training")
    parser.add_argument(
        "--families", action="store_true", help="a table of families too"
    )
    given, options = parser.parse_known_args()
    console = Console(width=100)
    guesses: list[Guess] = []
    for run in RUNS:
        asked = run.base in given.bases.split(",")
        if asked and str(run.seed) in given.seeds.split(","):
            rows = measured(run, options)
            console.print(f"{run.base}, seed {run.seed}: {len(rows)} cells")
            guesses += all_guesses(run, rows)
    for part in ("tuned", "aside") if given.part == "both" else (given.part,):
        bases = given.bases.split(",")
        for base in (*bases, *["all bases"] * (len(bases) > 1)):
            chosen = [g for g in guesses if g.part == part]
            console.print(table_of(f"{base}, {part}", base, chosen))
            if given.families and base != "all bases":
                console.print(by_family(base, chosen))


def by_family(base: str, guesses: Sequence[Guess]) -> Table:
    """The forecast on each family, beside errors of what goes with class shares."""
    table = Table(title=f"{base}, the forecast by family", title_justify="left")
    heads = ("family", "sets", "MAE", "bias", "held", "width", "abst.", *BESIDE)
    for head in heads:
        table.add_column(head, justify="left" if head == "family" else "right")
    mine = [g for g in guesses if g.base == base]
    for family in sorted({g.shown for g in mine}):
        here = [g for g in mine if g.shown == family]
        ours = [g for g in here if g.predictor == "forecast"]
        mae, _, bias, _, held, width, abstains = _line(ours)
        table.add_row(
            family,
            str(len(ours)),
            f"{mae:.2f}",
            f"{bias:+.2f}",
            f"{held:.1f} %",
            f"{width:.1f}",
            f"{abstains:.0f} %",
            *(
                f"{_line([g for g in here if g.predictor == name])[0]:.2f}"
                for name in BESIDE.values()
            ),
        )
    return table


def measured(run: Run, options: Sequence[str]) -> tuple[Measurement, ...]:
    """The rows of a run: the default interior, and a quarter as many of each pool."""
    rows: dict[tuple[str, str, str], Measurement] = {}
    for families, sets in (
        (("test", POOLS[0]), SETS),
        ((*POOLS[1:], *exteriors(run.base)), SETS // len(POOLS)),
    ):
        for row in _pytest(run, families, sets, options):
            rows[row.metric, row.model, row.dataset] = row
    return tuple(rows.values())


def _pytest(
    run: Run, families: Sequence[str], sets: int, options: Sequence[str]
) -> Iterator[Measurement]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [
            *(sys.executable, "-m", "pytest", "-q", "--no-header", "-p"),
            *("no:cacheprovider", "-p", "harness.commands.predict_metrics"),
            *("-p", "benchmarks.predicting_sets", "--pyargs"),
            "harness.commands.predict_suite",
            "harness.suites.label_free.test_agreement",
            f"--harness-base={run.base}",
            f"--harness-seed={run.seed}",
            f"--harness-models={run.models}",
            f"--harness-families={','.join(families)}",
            f"--harness-interior={sets}",
            f"--harness-report-json={report}",
            "--harness-report=short",
            *([f"--harness-max-images={run.images}"] if run.images else []),
            *options,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not report.exists():
            sys.exit(f"pytest failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        for row in json.loads(report.read_text())["measurements"]:
            yield Measurement.from_dict(row)


def all_guesses(run: Run, rows: Iterable[Measurement]) -> Iterator[Guess]:
    """What every predictor says of every dataset, model by model."""
    by_model: dict[str, list[Measurement]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(row)
    for model in sorted(by_model):
        mine = by_model[model]
        inside = [r for r in mine if r.domain is Domain.INTERIOR]
        default = [r for r in inside if r.family in ("test", POOLS[0])]
        mixed = [r for r in inside if is_test_split(r.traits) or _number(r) < 10]
        outside = [r for r in mine if r.domain is not Domain.INTERIOR]
        yield from _guesses(run, outside, default, mixed)
        for pool in POOLS:
            left = [r for r in mixed if r.family == pool]
            kept = [r for r in mixed if r.family != pool]
            yield from _guesses(run, left, kept, kept)


def _number(row: Measurement) -> int:
    return int(row.dataset.rpartition("/")[2])


def _guesses(
    run: Run,
    left: Sequence[Measurement],
    default: Sequence[Measurement],
    mixed: Sequence[Measurement],
) -> Iterator[Guess]:
    """Of datasets that neither interior has."""
    targets = [replace(row, domain=Domain.TARGET) for row in left]
    about = {row.dataset: row for row in targets}
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for row in targets:
        if row.estimate:
            values[row.dataset][row.metric] = row.value

    def guess(name: str, row: Measurement, said: float, **of: object) -> Guess:
        assert row.accuracy is not None
        tuned = run.seed == TUNED_SEED and row.family not in UNTUNED
        found = Guess(
            predictor=name,
            base=run.base,
            part="tuned" if tuned else "aside",
            model=f"{row.model} {run.seed}",
            family=row.family,
            kind=f"{row.family} {' '.join(kinds(row.traits)[:1])}",
            error=said - row.accuracy,
            images=row.images,
        )
        return replace(found, **of)  # type: ignore[arg-type]

    for dataset, row in about.items():
        has = values[dataset]
        for name, value in has.items():
            yield guess(f"{name}, as it is", row, value)
        several = [has[name] for name in MEDIAN if name in has]
        yield guess("median of ATC and COT", row, float(np.median(several)))
        quick = [value for name, value in has.items() if name not in NEED_OTHERS]
        yield guess("median of the estimates", row, float(np.median(quick)))
    source = [row for row in mixed if is_test_split(row.traits)]
    for name, known in (("forecast", mixed), ("forecast without interior", source)):
        one_pass = [r for r in (*known, *targets) if r.metric not in NEED_OTHERS]
        for made in predict_targets(correlate(one_pass)):
            if not made.predictor.is_combined or isinstance(made.prediction, Undefined):
                continue
            row, said = about[made.dataset], made.prediction
            truth = row.accuracy or 0.0
            yield guess(
                name,
                row,
                said.accuracy,
                held=said.low <= truth <= said.high if said.inside else None,
                width=said.high - said.low if said.inside else float("nan"),
                abstains=not said.inside,
            )
    for name, predictor, used in _free(default, targets):
        plane = predictor.plane
        if isinstance(plane, Undefined):
            continue
        for dataset, row in about.items():
            x = {r.metric: r.value for r in targets if r.dataset == dataset}
            if not all(metric in x for metric in used):
                continue
            (said,) = plane.predictions([[x[m] for m in used]], images=[row.images])
            truth = row.accuracy or 0.0
            yield guess(
                name,
                row,
                said.accuracy,
                held=said.low <= truth <= said.high,
                width=said.high - said.low,
            )


def _free(
    default: Sequence[Measurement], targets: Sequence[Measurement]
) -> Iterator[tuple[str, Predictor, tuple[str, ...]]]:
    """What was there before: lines on the default pool, the plane of all metrics."""
    one_pass = [r for r in default if r.metric not in NEED_OTHERS]
    rows: list[Correlation] = [
        r
        for r in correlate(one_pass)
        if r.model is not None and not isinstance(r.interior, Undefined)
    ]
    lines = {row.metric: combine([row]) for row in rows}

    def error(name: str) -> float:
        return lines[name].record.mae

    fitted = [n for n, one in lines.items() if not isinstance(one.plane, Undefined)]
    if not fitted:
        return
    best = min(fitted, key=error)
    yield "best line of a metric", lines[best], (best,)
    for metric, name in (("cott", "COTT"), ("nuclear_norm", "nuclear norm")):
        if metric in fitted:
            yield f"line of {name}", lines[metric], (metric,)
    together = combine(rows)
    yield "plane of all metrics", together, together.metrics


def table_of(title: str, base: str, guesses: Sequence[Guess]) -> Table:
    """One line a predictor, the best first."""
    table = Table(title=title, title_justify="left")
    for head in ("predictor", "MAE", "95 %", "bias", "worst", "held", "width", "abst."):
        table.add_column(head, justify="left" if head == "predictor" else "right")
    of: dict[str, list[Guess]] = defaultdict(list)
    for one in guesses:
        if base in (one.base, "all bases"):
            of[one.predictor].append(one)
    lines = sorted(((_line(mine)), name) for name, mine in of.items())
    for (mae, half, bias, worst, held, width, abstains), name in lines:
        table.add_row(
            name,
            f"{mae:.2f}",
            f"±{half:.2f}",
            f"{bias:+.2f}",
            f"{worst:.2f}",
            "" if np.isnan(held) else f"{held:.1f} %",
            "" if np.isnan(width) else f"{width:.1f}",
            f"{abstains:.0f} %" if abstains else "",
        )
    return table


def _line(mine: Sequence[Guess]) -> tuple[float, ...]:
    """MAE, half its interval, bias, worst model, held, width and abstentions."""
    error = _balanced(mine, lambda one: abs(one.error))
    models = {one.model for one in mine}
    worst = max(
        _balanced([g for g in mine if g.model == m], lambda one: abs(one.error))
        for m in models
    )
    judged = [one for one in mine if one.held is not None]
    return (
        100 * error,
        100 * _half(mine),
        100 * _balanced(mine, lambda one: one.error),
        100 * worst,
        100 * _balanced(judged, lambda one: float(bool(one.held))),
        100 * _balanced(judged, lambda one: one.width),
        100 * _balanced(mine, lambda one: float(one.abstains)),
    )


def _balanced(mine: Sequence[Guess], value: object) -> float:
    """The mean over bases of means over families."""
    groups: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in mine:
        groups[one.base][one.family].append(value(one))  # type: ignore[operator]
    means = [np.mean([np.mean(v) for v in some.values()]) for some in groups.values()]
    return float(np.mean(means)) if means else float("nan")


def _half(mine: Sequence[Guess]) -> float:
    """Half the 95 % interval of the mean error: Student's t over kinds and models."""
    clusters: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in mine:
        clusters[one.model, one.kind].append(abs(one.error))
    means = [float(np.mean(some)) for some in clusters.values()]
    if len(means) < 2:
        return float("nan")
    error = np.std(means, ddof=1) / np.sqrt(len(means))
    return float(stdtrit(len(means) - 1, 0.975) * error)


if __name__ == "__main__":
    main()

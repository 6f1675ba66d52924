"""What bfloat16 does to every metric and every correlation, and how much faster it is.

    python -m benchmarks.precision
    python -m benchmarks.precision --base cifar10 --model resnet20 --images 500

It measures the suites twice on the same datasets, in float32 and in bfloat16, and
prints for each metric the largest change of a value, in units of the metric's spread
over the datasets, and the interior R² both ways.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.setting import add_setting, machine, run_of
from harness.answers.predictions import Predictions
from harness.models.network import lowered
from harness.run import Run


def main() -> None:
    """Run pytest both ways and print a row for each metric."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(parser, model="resnet")
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--interior", type=int, default=30)
    parser.add_argument(
        "-k",
        default="not agreement and not prediction",
        metavar="EXPRESSION",
        help="which tests of suites/, as pytest takes it",
    )
    arguments = parser.parse_args()
    run = run_of(arguments)
    with tempfile.TemporaryDirectory() as made:
        reports = {
            precision: measured(Path(made), arguments, precision)
            for precision in ("float32", "bfloat16")
        }
    ratios = [
        forward(run, arguments, "float32") / forward(run, arguments, "bfloat16")
        for _ in range(5)
    ]
    print(
        f"{machine(run)}; {arguments.model}, {arguments.interior} interior datasets, "
        f"{arguments.images} images each\n"
        f"forward pass, float32 / bfloat16: {statistics.median(ratios):.2f}x "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )
    Console(width=80).print(table(reports["float32"], reports["bfloat16"]))


def forward(run: Run, arguments: argparse.Namespace, precision: str) -> float:
    """Seconds of one pass over the test images, the normalisation included."""
    model = lowered(run.load_model(arguments.model), precision)
    seen = Predictions(
        lambda: model,
        run.datasets["test"],
        device=run.device,
        batch_size=run.batch_size,
        limit=arguments.images,
    )
    start = time.perf_counter()
    seen.logits()
    return time.perf_counter() - start


def measured(
    folder: Path, arguments: argparse.Namespace, precision: str
) -> dict[str, Any]:
    """The JSON report of one run."""
    report = folder / f"{precision}.json"
    options = {
        "base": arguments.base,
        "models": arguments.model,
        "families": "test,interior",
        "interior": arguments.interior,
        "max-images": arguments.images,
        "device": arguments.device,
        "precision": precision,
        "store": folder / precision,
        "report": "none",
        "report-json": report,
    }
    for name in ("data_root", "weights_root"):
        if value := getattr(arguments, name):
            options[name.replace("_", "-")] = value
    suites = Path(__file__).parent.parent / "suites"
    command = [sys.executable, "-m", "pytest", str(suites), "-qq", "-k", arguments.k]
    command += [f"--harness-{name}={value}" for name, value in options.items()]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS_")}
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise SystemExit(f"pytest failed: {' '.join(command)}")
    content: dict[str, Any] = json.loads(report.read_text())
    return content


def table(one: dict[str, Any], other: dict[str, Any]) -> Table:
    """A row for each metric, the most changed first."""
    found = Table("metric", box=None)
    for name in ("largest change", "of its spread", "R² float32", "R² bfloat16"):
        found.add_column(name, justify="right")
    rows = []
    for metric in sorted({m["metric"] for m in one["measurements"]}):
        before, after = (_values(report, metric) for report in (one, other))
        names = sorted(before)
        x, y = (np.array([part[name] for name in names]) for part in (before, after))
        change, spread = float(np.abs(x - y).max()), float(x.std())
        share = change / spread if spread else float("nan")
        rows.append((share, metric, change, _r2(one, metric), _r2(other, metric)))
    for share, metric, change, r2, lower in sorted(rows, reverse=True):
        found.add_row(metric, f"{change:.2g}", f"{share:.1%}", r2, lower)
    return found


def _values(report: dict[str, Any], metric: str) -> dict[str, float]:
    return {
        m["dataset"]: m["value"]
        for m in report["measurements"]
        if m["metric"] == metric
    }


def _r2(report: dict[str, Any], metric: str) -> str:
    for row in report["correlations"]:
        if row["metric"] == metric and row["model"] is not None:
            fit = row["interior"]
            return f"{fit['r2']:.4f}" if "r2" in fit else "-"
    return "-"


if __name__ == "__main__":
    main()

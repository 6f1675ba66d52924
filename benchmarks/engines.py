"""What a group costs on each engine, beyond the same group in one process.

    python -m benchmarks.engines
    python -m benchmarks.engines --engines processes?workers=2 --datasets 500

The grid of `benchmarks.overhead`, whose networks and metrics do next to nothing, is run
with few datasets and with many. The difference of both, divided by the difference of
groups, is what one group of ten cells costs; what is left of the run with few is what
starting costs. Processor time is of pytest and all its processes.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path

from benchmarks.overhead import PROJECT, TEST, pytest

FEW = 5
MODELS, METRICS = 2, 10


def main() -> None:
    """Run each engine on both grids, print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--datasets", type=int, default=200)
    parser.add_argument(
        "--engines", nargs="*", default=["processes?workers=1", "processes?workers=2"]
    )
    arguments = parser.parse_args()
    print(
        f"{MODELS} models, {FEW} and {arguments.datasets} datasets, {METRICS} metrics"
    )
    print(f"{'':24}  start, s          a group, ms")
    print(f"{'':24}  wall processor  wall processor")
    named = [f"--harness-engine={engine}" for engine in arguments.engines]
    for how in ("", "-n2", *named):
        few = spent(FEW, how)
        many = spent(arguments.datasets, how)
        groups = MODELS * (arguments.datasets - FEW)
        each = [(b - a) / groups for a, b in zip(few, many, strict=True)]
        start = [a - MODELS * FEW * one for a, one in zip(few, each, strict=True)]
        name = how.removeprefix("--harness-engine=") or "one process"
        print(
            f"{name:24} {start[0]:5.1f} {start[1]:9.1f} {1000 * each[0]:5.1f} "
            f"{1000 * each[1]:9.1f}",
            flush=True,
        )


def spent(datasets: int, how: str) -> tuple[float, float]:
    """Seconds by the clock and of processors that a run takes in a new folder."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        head = f"DATASETS = {datasets}\nMODELS = {MODELS}\n"
        (folder / "conftest.py").write_text(head + PROJECT)
        tests = (TEST.format(i=i) for i in range(METRICS))
        (folder / "test_many.py").write_text("".join(tests))
        (folder / "pytest.ini").write_text("[pytest]\nharness_base = tiny\n")
        before = _processors()
        trial = pytest(folder, "--harness-report=short", *([how] if how else []))
        return trial.seconds, _processors() - before


def _processors() -> float:
    """Seconds that processors have spent on the children of this process."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()

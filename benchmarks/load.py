"""What a very large grid costs: its stores merged, found again and reported.

    python -m benchmarks.load --models 20 --datasets 500
    python -m benchmarks.load
    python -m benchmarks.load --folder big --steps fill merge

By default 200 models on 5,000 datasets, a million cells, of a suite that does nothing.
Measuring them is what `benchmarks.overhead` times. Here stores of shards are filled
(fill) with values that are made up, under the keys that the cells have; `harness merge`
joins them (merge), and pytest finds all of them in the joined store, once without a
report (found), and once with the report on the terminal and as JSON, CSV and HTML
(report). Each step is a process of its own: its seconds by the clock and of the
processor, by cell too, and the most memory that it held.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.overhead import PROJECT

STEPS = ("fill", "merge", "found", "report")
SUITE = """
def test_empty(model, dataset, record):
    record("empty", 0.0)
"""

# Writes stores in place of running the tests.
FILL = """

import os
import random
from pathlib import Path


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session):
    if "LOAD_SHARDS" not in os.environ:
        return
    from harness.fixtures.cells import cell_of, group_of, run_of
    from harness.measurement import Measurement
    from harness.settings import Shard
    from harness.store import Recorded, Store

    run, count = run_of(session.config), int(os.environ["LOAD_SHARDS"])
    numbers = range(1, count + 1)
    shards = {Shard(number=i, of=count): Store(Path(f"shard-{i}")) for i in numbers}
    rng = random.Random(0)
    for item in session.items:
        cell = cell_of(item)
        hard = int(cell.place.dataset[-5:]) % 101 / 101
        row = Measurement(
            metric="empty",
            value=hard + rng.gauss(0, 0.1),
            accuracy=round(16 * min(1, max(0, 1 - hard + rng.gauss(0, 0.1)))) / 16,
            images=16,
            seconds=0.0,
            key=cell.key,
            test=cell.test,
            **run.names_at(cell.place),
        )
        store = next(s for shard, s in shards.items() if shard.holds(group_of(item)))
        store.append(Recorded(rows=(row,)))
    for store in shards.values():
        store.close()
    session.items.clear()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a process took.

    Attributes
    ----------
    seconds, processor
        By the clock, and of the processor.
    bytes
        The most memory that it held.
    output
        What it wrote.
    """

    seconds: float
    processor: float
    bytes: int
    output: str


def main() -> None:
    """Fill the stores, merge them, report; print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--datasets", type=int, default=5000)
    parser.add_argument("--shards", type=int, default=3)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--folder", type=Path, help="keep the stores there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.folder or Path(made)
        folder.mkdir(exist_ok=True)
        run(folder, arguments)


def run(folder: Path, arguments: argparse.Namespace) -> None:
    """Do the steps in a folder, print a line for each."""
    models, datasets = arguments.models, arguments.datasets
    write_project(folder, models, datasets)
    cells = models * datasets
    print(f"{models} models, {datasets} datasets, {cells} cells")
    print(f"{'':7}  clock, s  processor, s  ms a cell  most memory, MiB")
    commands = commands_of(arguments.shards)
    for step in arguments.steps:
        command, environment = commands[step]
        spent = measured(command, folder, environment)
        found = re.search(r"cells: (.*)|\d+ cells added.*", spent.output)
        print(
            f"{step:7} {spent.seconds:9.1f} {spent.processor:13.1f} "
            f"{1000 * spent.processor / cells:10.3f} {spent.bytes / 2**20:17.0f}  "
            f"{found[0] if found else ''}",
            flush=True,
        )
    for path in (*folder.glob("report.*"), folder / "merged" / "results.jsonl"):
        if path.exists():
            print(f"{path.name}: {path.stat().st_size / 2**20:.1f} MiB")


def write_project(folder: Path, models: int, datasets: int) -> None:
    """The grid of `benchmarks.overhead`, and an empty suite."""
    head = f"DATASETS = {datasets}\nMODELS = {models}\n"
    (folder / "conftest.py").write_text(head + PROJECT + FILL)
    (folder / "test_empty.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\nharness_base = tiny\n")


def commands_of(shards: int) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Of each step: what Python runs, and variables of its own."""
    plugins = "-pno:cacheprovider", "-pno:hypothesispytest"
    pytest = ["-m", "pytest", "-qq", *plugins]
    found = [*pytest, "--harness-store=merged"]
    stores = [f"shard-{i + 1}" for i in range(shards)]
    files = [f"--harness-report-{one}=report.{one}" for one in ("json", "csv", "html")]
    return {
        "fill": (pytest, {"LOAD_SHARDS": str(shards)}),
        "merge": (["-m", "harness", "merge", *stores, "--into", "merged"], {}),
        "found": ([*found, "--harness-report=none"], {}),
        "report": ([*found, *files], {}),
    }


def measured(
    command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Spent:
    """Run Python on something in a folder, and see what it takes.

    Raises
    ------
    SystemExit
        If it ends with another status than 0; 5 of pytest is that it ran no test.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS_")}
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**inherited, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        output.seek(0)
        text = output.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 5):
        raise SystemExit(f"{' '.join(command)} failed:\n{text[-3000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Spent(
        seconds=seconds,
        processor=used.ru_utime + used.ru_stime,
        bytes=unit * used.ru_maxrss,
        output=text,
    )


if __name__ == "__main__":
    main()

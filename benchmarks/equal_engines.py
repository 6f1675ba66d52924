"""The same cells on every engine: one report, the measurements equal to the bit.

    python -m benchmarks.equal_engines
    python -m benchmarks.equal_engines --without ray
    python -m benchmarks.equal_engines -- --harness-base cifar10 -k nuclear_norm

Digits, or what the arguments of pytest behind ``--`` choose, in one process, with two
workers of pytest-xdist, on two processes of the engine `processes`, on `ray` with two
raylets on this machine, and in three shards whose stores `harness merge` joins. Of
each the JSON report is compared with that of one process, value by value: all but the
times, and how many cells were measured and how many found. The exit status is 1 where
any other differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.same_numbers import differences, leaves

SUITES = Path(__file__).parent.parent / "suites" / "label_free"
CHOSEN = (
    *("--harness-base=digits", "--harness-models=linear,lenet", "--harness-interior=3"),
    "--harness-families=interior,writers*",
    *("-k", "nuclear_norm or rotation_invariance or average_confidence"),
)
WAYS = ("workers", "processes", "ray", "shards")
SHARDS = 3


def main() -> int:
    """Run each, print a line for it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--without", nargs="+", choices=WAYS, default=())
    parser.add_argument("pytest", nargs="*", help="its arguments")
    given = parser.parse_args()
    chosen = tuple(given.pytest) or CHOSEN
    with tempfile.TemporaryDirectory() as made:
        runner = Runner(Path(made), chosen)
        expected = runner.report("one")
        rows = len(expected["measurements"])
        print(f"one process: {rows} measurements", flush=True)
        faults = 0
        for way in WAYS:
            if way in given.without:
                print(f"{way}: left out")
                continue
            start = time.perf_counter()
            found = list(differences(expected, getattr(runner, way)()))
            seconds = time.perf_counter() - start
            values = sum(1 for _ in leaves(expected))
            print(
                f"{way}: {values} values, {len(found)} differ, {seconds:.0f} s",
                flush=True,
            )
            for place, what in found[:5]:
                print(f"  {'.'.join(map(str, place))}: {' '.join(what)}")
            faults += len(found)
    return int(bool(faults))


class Runner:
    """Runs pytest in a folder, a store for each way.

    Parameters
    ----------
    folder
        Where stores and reports go.
    chosen
        pytest's arguments.
    """

    def __init__(self, folder: Path, chosen: tuple[str, ...]) -> None:
        self._folder = folder
        self._chosen = chosen

    def workers(self) -> dict[str, Any]:
        """Two of pytest-xdist."""
        return self.report("workers", "-n2")

    def processes(self) -> dict[str, Any]:
        """Two of the engine."""
        return self.report("processes", "--harness-engine=processes?workers=2")

    def ray(self) -> dict[str, Any]:
        """Two raylets of one CPU each, both on this machine."""
        with two_raylets() as address:
            return self.report("ray", f"--harness-engine=ray?address={address}")

    def shards(self) -> dict[str, Any]:
        """Three, joined."""
        names = [f"shard-{i + 1}" for i in range(SHARDS)]
        for i, name in enumerate(names):
            self._pytest(name, f"--harness-shard={i + 1}/{SHARDS}")
        self._run("-m", "harness", "merge", *names, "--into", "shards")
        return self.report("shards")

    def report(self, store: str, *more: str) -> dict[str, Any]:
        """The JSON report of a run, without what tells how cells came by."""
        path = self._folder / f"{store}.json"
        self._pytest(store, f"--harness-report-json={path}", *more)
        report: dict[str, Any] = json.loads(path.read_text())
        counts = report["counts"]
        report["counts"] = counts.get("measured", 0) + counts.get("stored", 0)
        return report

    def _pytest(self, store: str, *more: str) -> None:
        where = f"--rootdir={self._folder}", f"--harness-store={store}"
        plain = "-q", "-p", "no:cacheprovider"
        named = any(Path(one).exists() for one in self._chosen)
        tests = [] if named else [str(SUITES)]
        self._run("-m", "pytest", *tests, *plain, *where, *self._chosen, *more)

    def _run(self, *arguments: str) -> None:
        ran = subprocess.run(
            [sys.executable, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            said = f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
            raise SystemExit(f"{' '.join(arguments)} failed:\n{said}")


@contextmanager
def two_raylets() -> Iterator[str]:
    """A cluster of two machines that are both this one, and its address."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(num_cpus=1)
        yield cluster.address
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    raise SystemExit(main())

"""What the harness itself costs: a grid of many cells whose networks do nothing.

    python -m benchmarks.overhead
    python -m benchmarks.overhead --models 10 --datasets 1000 --metrics 10

It writes a project with a tiny base, fake classifiers and metrics that take no time,
and runs pytest on it in processes of their own: collecting alone, measuring with one
process and with two workers, and finding everything in the store again. As many empty
tests of pytest's own tell what a test costs without the harness.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = """
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from harness.datasets.dataset import Dataset
from harness.datasets.images import ArrayImages
from harness.datasets.family import Base, Family
from harness.measurement import Domain


@cache  # as real datasets do: members share what is loaded
def images(seed):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, size=(16, 2, 2, 1), dtype=np.uint8)
    return ArrayImages(pixels=pixels, labels=np.arange(16) % 2, digest=str(seed))


def members(settings):
    return tuple(
        Dataset(
            name=f"many/{i:05d}",
            family="many",
            domain=Domain.INTERIOR if i % 2 else Domain.EXTERIOR,
            load=lambda i=i: images(i),
        )
        for i in range(DATASETS)
    )


@dataclass(frozen=True)
class Fake:
    # Like a published model, it needs torch only where it is run.

    name: str
    base: str = "tiny"

    def locate(self, settings):
        return "made up"

    def fingerprint(self, settings, base, tell):
        return self.name

    def load(self, settings, base, device, tell):
        import torch

        from harness.models.classifier import Classifier
        from harness.models.network import ready

        torch.manual_seed(int(self.name[1:]))
        network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))
        return Classifier(
            name=self.name,
            network=ready(network, device),
            mean=(0.5,),
            std=(0.5,),
            classes=2,
            head="1",
            fingerprint=self.name,
        )


def pytest_harness_register(registry):
    registry.add_base_entry(
        Base(
            name="tiny",
            classes=("a", "b"),
            size=(2, 2, 1),
            train=lambda settings: images(0),
            test=lambda settings: images(0),
            locate=lambda settings: "made up",
            description="",
            source="",
            licence="",
        )
    )
    registry.add_family(
        Family(
            name="many",
            base="tiny",
            domain=Domain.INTERIOR,
            datasets=members,
            description="",
        )
    )
    for i in range(MODELS):
        registry.add_entry(Fake(f"m{i}"))
"""

TEST = """
def test_metric_{i}(predictions, record):
    record("metric_{i}", float(predictions.logits()[{i} % 16, 0]))
"""


EMPTY = """
import pytest


@pytest.fixture(scope="session", params=range({models}))
def model(request):
    return request.param


@pytest.fixture(scope="session", params=range({datasets}))
def dataset(request):
    return request.param


@pytest.mark.parametrize("metric", range({metrics}))
def test_nothing(model, dataset, metric):
    pass
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One call of pytest: wall time, and the most memory that its processes held."""

    seconds: float
    bytes: int
    output: str


def main() -> None:
    """Write the project, run it, print the costs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--metrics", type=int, default=10)
    arguments = parser.parse_args()
    cells = arguments.models * arguments.datasets * arguments.metrics
    size = vars(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder, plain = Path(made, "harness"), Path(made, "plain")
        folder.mkdir()
        plain.mkdir()
        (plain / "test_empty.py").write_text(EMPTY.format(**size))
        head = f"DATASETS = {arguments.datasets}\nMODELS = {arguments.models}\n"
        (folder / "conftest.py").write_text(head + PROJECT)
        tests = (TEST.format(i=i) for i in range(arguments.metrics))
        (folder / "test_many.py").write_text("".join(tests))
        (folder / "pytest.ini").write_text("[pytest]\nharness_base = tiny\n")
        print("{models} models, {datasets} datasets, {metrics} metrics".format(**size))
        print(f"{cells} cells; pytest's own tests are empty, without the harness")
        short = "--harness-report=short"
        one, two = f"{short} --harness-store=one", f"{short} --harness-store=two -n2"
        for what, where, options in (
            ("pytest's own", plain, "-pno:harness"),
            ("collecting alone", folder, f"{short} --collect-only"),
            ("one process", folder, one),
            ("found in the store", folder, one),
            ("two workers", folder, two),
            ("found, two workers", folder, two),
        ):
            tell(what, pytest(where, *options.split()), cells)


def tell(what: str, trial: Trial, cells: int) -> None:
    """One line for a trial."""
    found = re.search(r"cells: (.*)", trial.output)
    print(
        f"{what:20} {trial.seconds:7.1f} s  {1000 * trial.seconds / cells:6.3f} "
        f"ms a cell  {trial.bytes / 2**20:6.0f} MiB  {found[1] if found else ''}",
        flush=True,
    )


def pytest(folder: Path, *arguments: str) -> Trial:
    """Run it, and watch what memory it and its children take."""
    # hypothesis, a plugin of our developers, costs a second of its own.
    plugins = "-pno:cacheprovider", "-pno:hypothesispytest"
    command = [sys.executable, "-m", "pytest", "-qq", *plugins]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS_")}
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    most = [0]

    def watch() -> None:
        while process.poll() is None:
            most[0] = max(most[0], held(process.pid))
            time.sleep(0.5)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - start
    watcher.join()
    if process.returncode:
        raise SystemExit(f"pytest failed:\n{output[-3000:]}")
    return Trial(seconds=seconds, bytes=most[0], output=output)


def held(pid: int) -> int:
    """Bytes that a process and its children hold in memory (Linux).

    What they share, as torch's code, counts once.
    """
    try:
        shares = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", shares, re.MULTILINE)
    own = 1024 * int(found[1]) if found else 0
    return own + sum(held(int(child)) for child in children)


if __name__ == "__main__":
    main()

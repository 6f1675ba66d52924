"""The most memory that large runs take.

    python -m benchmarks.memory
    python -m benchmarks.memory --images 50000 --features 2048 --datasets 3

First, a base of many images under every permutation of a 2x2 jigsaw: nuclear norm,
jigsaw invariance and jigsaw prediction on some of 2,000 interior datasets, whole; the
memory after each shows whether it grows. The images lie in a .npy file, as a user's
would. Then pytest on all 2,000, a few images of each.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.overhead import pytest
from benchmarks.setting import machine
from harness.datasets.bases.shared import shared
from harness.datasets.family import Base
from harness.datasets.images import Images
from harness.datasets.readers.arrays import read_npy_folder
from harness.metrics.label_free.effective_invariance import jigsaw_invariance
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.label_free.pretext_prediction import jigsaw_prediction
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings

INTERIOR = 2000


def main() -> None:
    """Print memory after each step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--features", type=int, default=512)
    parser.add_argument("--datasets", type=int, default=3, help="measured whole")
    parser.add_argument("--few", type=int, default=20, help="images, of all datasets")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        whole(Path(made), arguments)
    all_of_them(arguments.few)


def whole(folder: Path, arguments: argparse.Namespace) -> None:
    """A few datasets with every image and every view."""
    rng = np.random.default_rng(0)
    n = arguments.images
    pixels = np.lib.format.open_memmap(
        folder / "data.npy", mode="w+", dtype=np.uint8, shape=(n, 32, 32, 3)
    )
    for start in range(0, n, 1000):
        part = pixels[start : start + 1000]
        part[...] = rng.integers(0, 256, size=part.shape, dtype=np.uint8)
    del pixels
    np.save(folder / "labels.npy", np.arange(n) % 10)
    run = run_on(folder, arguments.features)
    print(f"{machine(run)}; {n} images of 32x32, {arguments.features} features")
    tell("the images are found, their digest taken", time.perf_counter())
    names = [name for name in run.datasets if name.startswith("interior/")]
    print(f"{len(names)} interior datasets")
    weight = rng.normal(size=(run.task("jigsaw").classes, arguments.features))
    views = run.task("jigsaw").views
    moved = [view for view in views if view.moves]
    for name in names[: arguments.datasets]:
        start = time.perf_counter()
        seen = run.predict("plain", run.datasets[name])
        probs = seen.probs()
        nuclear_norm(probs)
        jigsaw_invariance(probs, seen.view_probs(moved))
        jigsaw_prediction(np.stack([seen.features(v) @ weight.T for v in views]))
        tell(f"{name}, {len(views)} views", start)


def run_on(folder: Path, features: int) -> Run:
    """A run on a base of those images, with a classifier of so many features."""

    def read(settings: Settings) -> Images:
        return read_npy_folder(folder, classes=10)

    def network() -> nn.Module:
        torch.manual_seed(0)
        return nn.Sequential(
            nn.AvgPool2d(4),
            nn.Flatten(),
            nn.Linear(192, features),
            nn.Linear(features, 10),
        )

    base = Base(
        name="large",
        classes=tuple("0123456789"),
        size=(32, 32, 3),
        train=read,
        test=read,
        locate=lambda settings: str(folder),
        description="",
        source="",
        licence="",
    )
    registry = Registry()
    registry.add_base_entry(base)
    for family in shared(base):
        registry.add_family(family)
    registry.add_model(
        "plain", base="large", build=network, head="3", mean=(0.5,) * 3, std=(0.3,) * 3
    )
    settings = Settings(
        base="large",
        interior=INTERIOR,
        jigsaw_set="all",
        cache_dir=folder,
        store=folder,
    )
    run = Run(settings, registry, tell=print)
    run.check()
    run.source_fingerprint  # noqa: B018 - reads the images once, for their digest
    return run


def all_of_them(few: int) -> None:
    """pytest over every interior dataset of the digits, a few images of each."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        suites = Path(__file__).parent.parent / "suites"
        suite = suites / "label_free" / "test_dispersity.py"
        trial = pytest(
            folder,
            str(suite),
            "--rootdir=.",
            "--harness-base=digits",
            f"--harness-interior={INTERIOR}",
            f"--harness-max-images={few}",
            "--harness-store=store",
        )
        cells = trial.output.rpartition("cells: ")[2].partition("\n")[0]
        print(
            f"pytest, {INTERIOR} interior datasets of {few} digits: "
            f"{trial.bytes / 2**20:.0f} MiB at most, {trial.seconds:.0f} s, {cells}"
        )


def tell(what: str, start: float) -> None:
    """The most memory so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    most = unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{what}: {most / 2**20:.0f} MiB at most, {time.perf_counter() - start:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()

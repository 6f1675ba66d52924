"""A folder of pictures that is larger than the memory it may take.

    python -m benchmarks.pictures
    python -m benchmarks.pictures --pictures 2000

It makes JPEG pictures of 200 x 300 pixels in a temporary folder and runs a small
network over them, each way in a process of its own: all decoded into one array first,
as a script does; by the harness, which first decodes each once to name bad ones before
the run; once more, when it remembers that they are good; and when it needs no more than
to know that they are the same, as where all numbers are found in the store. It prints
the most memory that each process held, and pictures a second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from benchmarks.setting import machine
from harness.datasets.family import Base
from harness.datasets.images import Images
from harness.registry import Registry
from harness.run import Run
from harness.settings import OwnData, Settings

HEIGHT, WIDTH = 200, 300
CLASSES = tuple("0123456789")
LONG_AGO = 10**9  # seconds since 1970: what was just written is not remembered
BATCH = 16


def main() -> None:
    """Make the pictures, and try each way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(WAYS[arguments.way](arguments.folder)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        make(folder / "pictures", arguments.pictures)
        eager = tried("eager", folder)
        first = tried("harness", folder)
        again = tried("harness", folder)
        found = tried("found", folder)
    print(f"{machine(run_on(Path()))}; {arguments.pictures} pictures of 200 x 300")
    for name, way in (
        ("all decoded first", eager),
        ("harness", first),
        ("harness, once more", again),
        ("harness, all found", found),
    ):
        speed = arguments.pictures / way["seconds"]
        print(
            f"{name}: {way['bytes'] / 2**20:.0f} MiB at most "
            f"({way['bytes'] / eager['bytes']:.2f}), {speed:.0f} pictures/s "
            f"({speed * eager['seconds'] / arguments.pictures:.2f})"
        )
    same = eager["sum"] == first["sum"] == again["sum"]
    print(f"logits are {'the same to the bit' if same else 'OTHERS'}")


def make(folder: Path, n: int) -> None:
    """Coarse noise of n kinds, which compresses as photographs do."""
    rng = np.random.default_rng(0)
    for number in range(n):
        path = folder / CLASSES[number % 10] / f"{number:06d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((WIDTH, HEIGHT)).save(path, quality=90)
        os.utime(path, (LONG_AGO, LONG_AGO))


def tried(way: str, folder: Path) -> dict[str, float]:
    """What a process of its own says of a way."""
    command = [sys.executable, "-m", "benchmarks.pictures"]
    child = subprocess.run(
        [*command, "--way", way, "--folder", str(folder)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return found


def network() -> nn.Module:
    """A head on 30 x 20 averages."""
    torch.manual_seed(0)
    return nn.Sequential(nn.AvgPool2d(10), nn.Flatten(), nn.Linear(1800, 10))


def eager(folder: Path) -> dict[str, float]:
    """One array of all, then the network."""
    start = time.perf_counter()
    files = sorted((folder / "pictures").glob("*/*.jpg"))
    pixels = np.empty((len(files), HEIGHT, WIDTH, 3), dtype=np.uint8)
    for row, file in zip(pixels, files, strict=True):
        row[...] = np.asarray(Image.open(file).convert("RGB"))
    model = network().eval()
    # Answers that were kept one by one would take several times the pictures' memory:
    # they lie between the blocks that the layers free.
    logits = np.empty((len(files), len(CLASSES)), dtype=np.float32)
    for first in range(0, len(files), BATCH):
        batch = torch.from_numpy(pixels[first : first + BATCH])
        images = (batch.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
        with torch.inference_mode():
            answer = model(images.contiguous(memory_format=torch.channels_last))
        logits[first : first + BATCH] = answer.numpy()
    return told(logits, start)


def harness(folder: Path) -> dict[str, float]:
    """As `pytest --harness-data pictures` does before the run and in it."""
    start = time.perf_counter()
    run = run_on(folder)
    run.verify()
    dataset = run.datasets["pictures"]
    run.dataset_fingerprint("pictures")
    logits = run.predict("plain", dataset).logits()
    return told(logits.astype(np.float32), start)


def found(folder: Path) -> dict[str, float]:
    """As it does where every cell is in the store."""
    start = time.perf_counter()
    run = run_on(folder)
    run.verify()
    run.dataset_fingerprint("pictures")
    return told(np.zeros(1), start)


WAYS = {"eager": eager, "harness": harness, "found": found}


def told(logits: np.ndarray, start: float) -> dict[str, float]:
    """Seconds, most memory, and a sum that tells logits apart."""
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds": time.perf_counter() - start,
        "bytes": unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "sum": float(np.float64(logits).sum()),
    }


def run_on(folder: Path) -> Run:
    """A run on the pictures as a folder of the user's own."""

    def nothing(settings: Settings) -> Images:
        raise AssertionError("nothing here is trained or asks for a source")

    base = Base(
        name="photographs",
        classes=CLASSES,
        size=(HEIGHT, WIDTH, 3),
        train=nothing,
        test=nothing,
        locate=lambda settings: "",
        description="",
        source="",
        licence="",
    )
    registry = Registry()
    registry.add_base_entry(base)
    registry.add_model(
        "plain",
        base=base.name,
        build=network,
        head="2",
        mean=(0.5,) * 3,
        std=(0.25,) * 3,
    )
    settings = Settings(
        base=base.name,
        data=(OwnData(path=folder / "pictures"),),
        device="cpu",
        batch_size=BATCH,
        cache_dir=folder / "cache",
        store=folder,
    )
    return Run(settings, registry, tell=lambda text: print(text, file=sys.stderr))


if __name__ == "__main__":
    main()

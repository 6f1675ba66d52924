"""Pictures of ImageNet's size: how fast they are decoded, and how long networks wait.

    HARNESS_DATA_ROOT=DATA HARNESS_WEIGHTS_ROOT=WEIGHTS python -m benchmarks.decoding
    python -m benchmarks.decoding --pictures 200 --models 'mobilenet*,torchvision-*'

It saves pictures of the validation set as JPEG files of 500 x 375 in a temporary folder
and prints

- pictures a second: Pillow on one thread as the published transforms, torchvision on
  one, and torchvision on all threads; and from the disk, where they were kept decoded;
- for each classifier at hand, the share of the time that is spent inside the network,
  and pictures a second beside the plain loop: a DataLoader with 2 workers, Pillow, and
  batches of 8 through the same network in the usual order of channels.

Rates are medians of runs that take turns, by the clock and by the processor time that
they took, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.setting import machine
from harness.answers.predictions import Predictions
from harness.datasets.bases.imagenet import IMAGENET, SIZE, USUAL, list_part
from harness.datasets.dataset import Dataset
from harness.datasets.geometry import Geometry
from harness.datasets.kept import Kept
from harness.datasets.readers import picture_sets, threads
from harness.datasets.readers.picture_sets import PictureImages
from harness.errors import MissingData
from harness.measurement import Domain
from harness.models.entry import ModelEntry
from harness.models.network import Network
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings

FILES = (500, 375)
BATCH = 8


def main() -> None:
    """Print the rates of decoders, then a line for each classifier."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--models", default="*", help="names or wildcards")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        run = run_in(folder / "cache", arguments.models)
        files = make(folder / "pictures", run.settings, arguments.pictures)
        print(f"{machine(run)}; {len(files)} JPEG files of {FILES[0]} x {FILES[1]}")
        print("pictures a second, and a second of processor time:")
        decoding(files, folder / "decoded", arguments.repeats)
        for name in run.models:
            beside(run, name, files, arguments.repeats)


def run_in(cache: Path, models: str) -> Run:
    """A run over the classifiers at hand, that keeps nothing."""
    roots = {
        name: Path(os.environ[f"HARNESS_{name.upper()}"])
        for name in ("data_root", "weights_root")
        if os.environ.get(f"HARNESS_{name.upper()}")
    }
    settings = Settings(
        base="imagenet",
        models=tuple(models.split(",")),
        cache_dir=cache,
        store=cache,
        device="cpu",
        **roots,
    )
    return Run(settings, Registry(), tell=print)


def make(folder: Path, settings: Settings, count: int) -> list[Path]:
    """Validation pictures at the size that most of them have."""
    try:
        listing = list_part("test", settings)
    except MissingData as error:
        raise SystemExit(str(error)) from None
    folder.mkdir()
    files = []
    for number in range(count):
        source = listing.root / listing.files[number % len(listing)]
        with Image.open(source) as image:
            resized = image.convert("RGB").resize(FILES, Image.Resampling.BICUBIC)
        files.append(folder / f"{number:05d}.JPEG")
        resized.save(files[-1], quality=95)
    return files


def images_of(files: list[Path], *, quick: bool = True) -> PictureImages:
    """The harness's own, of which none is kept."""
    picture_sets.DECODED = Kept(room=0)
    return PictureImages(
        files[0].parent,
        files,
        None,
        classes=1000,
        size=SIZE,
        geometry=USUAL,
        as_stored=True,
        quick=quick,
    )


def decoding(files: list[Path], folder: Path, repeats: int) -> None:
    """Pictures a second of each decoder, and of a folder of what one has decoded."""
    chosen = threads.count
    usual = chosen()

    def on(count: int, *, quick: bool) -> Callable[[], object]:
        def decode() -> None:
            threads.count = lambda: count
            images = images_of(files, quick=quick)
            for start in range(0, len(files), 100):
                images.block(start, min(start + 100, len(files)))
            threads.count = chosen

        return decode

    def from_disk() -> None:
        picture_sets.ON_DISK.keep_in(folder, 2**34)
        on(1, quick=True)()
        picture_sets.ON_DISK.keep_in(folder, 0)

    ways = {
        "Pillow, 1 thread": on(1, quick=False),
        "torchvision, 1 thread": on(1, quick=True),
        f"torchvision, {usual} threads": on(usual, quick=True),
        "kept decoded": from_disk,
    }
    images_of(files[:2], quick=False).block(0, 2)  # what is imported at the first use
    images_of(files[:2]).block(0, 2)
    from_disk()  # decodes them, and keeps what comes of it
    rates = in_turns(ways, len(files), repeats)
    first = next(iter(rates.values()))
    for name, (rate, busy) in rates.items():
        print(
            f"  {name:<24} {rate:7.1f} ({rate / first[0]:.2f} x)  "
            f"{busy:7.1f} ({busy / first[1]:.2f} x)",
            flush=True,
        )


def in_turns(
    ways: dict[str, Callable[[], object]], images: int, repeats: int
) -> dict[str, tuple[float, float]]:
    """Images a second of each way, by the clock and by processor time."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start, busy = time.perf_counter(), processor()
            way()
            took[name].append((time.perf_counter() - start, processor() - busy))
    return {
        name: (
            images / statistics.median(clock for clock, _ in runs),
            images / statistics.median(busy for _, busy in runs),
        )
        for name, runs in took.items()
    }


def processor() -> float:
    """Seconds of processor time of this process and of those that it waited for."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def beside(run: Run, name: str, files: list[Path], repeats: int) -> None:
    """The harness and the plain loop over the same files and network."""
    network = run.load_model(name)
    entry = run.registry.model("imagenet", name)
    assert isinstance(entry, ModelEntry)
    plain = entry.load(run.settings, IMAGENET, "cpu", print).network
    plain = plain.to(memory_format=torch.contiguous_format)

    def ours() -> None:
        passed(network, files).logits()

    def theirs() -> None:
        loop(plain, network, files)

    passed(network, files[:BATCH]).logits()
    rates = in_turns({"harness": ours, "loop": theirs}, len(files), repeats)
    print(
        f"  {name:<32} {100 * inside(network, files):5.1f} % inside the network; "
        + "; ".join(
            f"{mine:.1f} beside {other:.1f} of the plain loop ({mine / other:.2f} x)"
            for mine, other in zip(rates["harness"], rates["loop"], strict=True)
        ),
        flush=True,
    )


def passed(network: Network, files: list[Path]) -> Predictions:
    """Predictions of all files, not made yet."""
    images = images_of(files)
    dataset = Dataset(
        name="files", family="files", domain=Domain.TARGET, load=lambda: images
    )
    return Predictions(lambda: network, dataset, batch_size=BATCH)


def inside(network: Network, files: list[Path]) -> float:
    """Share of a pass that is not spent waiting for blocks of pictures."""
    waited = 0.0
    start = time.perf_counter()
    predictions = passed(network, files)
    made = predictions._images

    def timed(start: int) -> Iterator[torch.Tensor]:
        nonlocal waited
        blocks = made(start)
        while True:
            began = time.perf_counter()
            block = next(blocks, None)
            waited += time.perf_counter() - began
            if block is None:
                return
            yield block

    predictions._images = timed  # type: ignore[method-assign]
    predictions.logits()
    return 1 - waited / (time.perf_counter() - start)


class _Files(torch.utils.data.Dataset[torch.Tensor]):
    """What a script writes: Pillow opens, resizes and crops."""

    def __init__(self, files: list[Path], geometry: Geometry) -> None:
        self._files = files
        self._geometry = geometry

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, row: int) -> torch.Tensor:
        with Image.open(self._files[row]) as image:
            pixels = self._geometry(image.convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1)


def loop(plain: Any, network: Network, files: list[Path]) -> None:
    """Batch by batch, the pictures made by two processes meanwhile."""
    data = _Files(files, network.geometry or USUAL)
    loader = torch.utils.data.DataLoader(data, batch_size=BATCH, num_workers=2)
    mean, std = (
        torch.tensor(np.array(fact), dtype=torch.float32).view(1, -1, 1, 1)
        for fact in (network.mean, network.std)
    )
    with torch.inference_mode():
        for batch in loader:
            plain((batch.float() / 255 - mean) / std)


if __name__ == "__main__":
    main()

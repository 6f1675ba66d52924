"""Making an interior set against running a network on it, and against PIL.

    python -m benchmarks.interior
    python -m benchmarks.interior --base cifar10 --model resnet20 --images 1000

Interleaved: (a) the model's forward pass over the test images, (b) interior sets made
as the harness makes them, (c) the same recipe image by image with PIL. It prints what
share of (a)'s time (b) takes, and how many times faster (b) is than (c).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from benchmarks.setting import add_setting, machine, run_of
from harness.datasets.dataset import Dataset
from harness.run import Run

Range = tuple[float, float]
Draw = np.random.Generator


def main() -> None:
    """Interleave the three and print their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(parser, model="resnet")
    parser.add_argument("--images", type=int, default=1000, help="of each set")
    parser.add_argument("--sets", type=int, default=10)
    arguments = parser.parse_args()
    run = run_of(arguments)
    clean = run.datasets["test"]
    sets = [run.datasets[f"interior/{i:04d}"] for i in range(arguments.sets)]
    n = clean.size(arguments.images)
    forward(run, arguments.model, clean, n)  # the first calls are slow
    made(run, sets[0], n)
    shares, ratios, apart = [], [], []
    for dataset in sets:
        network = forward(run, arguments.model, clean, n)
        whole = seconds(lambda d=dataset: made(run, d, n))
        single = seconds(lambda d=dataset: pil_way(d, n))
        shares.append(whole / network)
        ratios.append(single / whole)
        apart.append(network)
    names = ", ".join(t.name for t in sets[-1].transformations)
    print(
        f"{machine(run)}; {arguments.model}, {n} images a set, {len(sets)} sets, the "
        f"last one {names}\n"
        f"forward pass: {n / statistics.median(apart):.0f} images/s\n"
        f"making a set / forward pass: {_percent(shares)}\n"
        f"PIL image by image / making a set: {statistics.median(ratios):.1f}x "
        f"({min(ratios):.1f} to {max(ratios):.1f})"
    )


def _percent(shares: list[float]) -> str:
    low, high = min(shares), max(shares)
    return f"{statistics.median(shares):.1%} ({low:.1%} to {high:.1%})"


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def forward(run: Run, model: str, dataset: Dataset, n: int) -> float:
    """Seconds inside the network for one view, images made and normalised outside."""
    import torch

    classifier = run.load_model(model)
    batches = [
        classifier.normalise(batch)
        for block in dataset.blocks(run.device, n)
        for batch in torch.split(block, run.batch_size)
    ]

    def work() -> None:
        with torch.inference_mode():
            for batch in batches:
                classifier.network(batch)
        synchronise(run)

    return seconds(work)


def made(run: Run, dataset: Dataset, n: int) -> None:
    """What the harness does."""
    for _ in dataset.blocks(run.device, n):
        pass
    synchronise(run)


def synchronise(run: Run) -> None:
    """Wait for a GPU."""
    import torch

    if run.device.startswith("cuda"):
        torch.cuda.synchronize()


# --- as scripts do: one image after the other -----------------------------------------


def pil_way(dataset: Dataset, n: int) -> list[NDArray[np.uint8]]:
    """The same transformations and ranges with PIL, drawn anew for each image."""
    rng = np.random.default_rng(0)
    done = []
    for pixels in islice(dataset.load().pixels, n):
        image = Image.fromarray(np.squeeze(pixels))
        for transformation in dataset.transformations:
            image = _PIL[transformation.name](image, rng, **transformation.parameters)
        done.append(np.asarray(image))
    return done


def _autocontrast(image: Image.Image, rng: Draw, cutoff: tuple[int, int]) -> Any:
    return ImageOps.autocontrast(image, int(rng.integers(cutoff[0], cutoff[1] + 1)))


def _multiply(image: Image.Image, rng: Draw, factor: Range, per_channel: float) -> Any:
    factors = _factors(image, rng, factor, per_channel)
    tables = [np.clip(np.arange(256) * f + 0.5, 0, 255).astype(int) for f in factors]
    return image.point(np.concatenate(tables).tolist())


def _contrast(image: Image.Image, rng: Draw, alpha: Range, per_channel: float) -> Any:
    tables = [
        np.clip(127 + a * (np.arange(256) - 127) + 0.5, 0, 255).astype(int)
        for a in _factors(image, rng, alpha, per_channel)
    ]
    return image.point(np.concatenate(tables).tolist())


def _factors(
    image: Image.Image, rng: Draw, bounds: Range, per_channel: float
) -> NDArray[np.float64]:
    draws = rng.uniform(*bounds, size=len(image.getbands()))
    return draws if rng.uniform() < per_channel else np.full_like(draws, draws[0])


def _color(image: Image.Image, rng: Draw, factor: Range) -> Any:
    return ImageEnhance.Color(image).enhance(rng.uniform(*factor))


def _solarize(
    image: Image.Image, rng: Draw, probability: float, threshold: Range
) -> Any:
    if rng.uniform() >= probability:
        return image
    return ImageOps.solarize(image, int(rng.uniform(*threshold)))


def _affine(
    image: Image.Image,
    rng: Draw,
    probability: float,
    scale: Range,
    translate: Range,
    rotate: Range,
) -> Any:
    if rng.uniform() >= probability:
        return image
    size = np.array(image.size)
    factors, angle = rng.uniform(*scale, size=2), np.deg2rad(rng.uniform(*rotate))
    shift = rng.uniform(*translate, size=2) * size
    cos, sin = np.cos(angle), np.sin(angle)
    back = np.array([[cos, sin], [-sin, cos]]) / factors[:, None]
    offset = (size - 1) / 2 - back @ ((size - 1) / 2 + shift)
    matrix = (*back[0], offset[0], *back[1], offset[1])
    kind = Image.Transform.AFFINE
    return image.transform(image.size, kind, matrix, Image.Resampling.BILINEAR)


def _sharpen(image: Image.Image, rng: Draw, alpha: Range, lightness: Range) -> Any:
    kernel = [-1.0] * 9
    kernel[4] = 8 + rng.uniform(*lightness)
    sharp = image.filter(ImageFilter.Kernel((3, 3), kernel, scale=1))
    return ImageChops.blend(image, sharp, rng.uniform(*alpha))


def _blur(image: Image.Image, rng: Draw, sigma: Range) -> Any:
    return image.filter(ImageFilter.GaussianBlur(rng.uniform(*sigma)))


_PIL: dict[str, Callable[..., Any]] = {
    "autocontrast": _autocontrast,
    "multiply": _multiply,
    "enhance_color": _color,
    "solarize": _solarize,
    "linear_contrast": _contrast,
    "affine": _affine,
    "sharpen": _sharpen,
    "gaussian_blur": _blur,
}


if __name__ == "__main__":
    main()

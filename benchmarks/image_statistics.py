"""All statistics of images, for as many as CIFAR-10's test split has.

    python -m benchmarks.image_statistics
    python -m benchmarks.image_statistics --images 2000 --side 64

Of made images: smooth patches of colour with noise on half of them. A line is a
statistic; the last is all together. Without scikit-image segments are left out.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from harness.errors import HarnessError
from harness.metrics.image_statistics import STATISTICS


def made(images: int, side: int) -> np.ndarray:
    """(n, side, side, 3) uint8, the same every time."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (images, 4, 4, 3)).astype(np.float64)
    up = np.kron(coarse, np.ones((1, -(-side // 4), -(-side // 4), 1)))
    up = up[:, :side, :side]
    smooth = (up + np.roll(up, 3, axis=1) + np.roll(up, 5, axis=2)) / 3
    noise = rng.normal(0, 20, up.shape) * (np.arange(images) % 2)[:, None, None, None]
    return (smooth + noise).clip(0, 255).astype(np.uint8)


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--side", type=int, default=32)
    arguments = parser.parse_args()
    images = made(arguments.images, arguments.side)
    print(f"{arguments.images} images of {arguments.side}x{arguments.side}")
    print(f"{'':20}{'mean':>10}{'seconds':>9}")
    together = 0.0
    for name, statistic in STATISTICS.items():
        start = time.process_time()
        try:
            values = statistic(images)
        except HarnessError as error:
            print(f"{name:20}  left out: {error}")
            continue
        seconds = time.process_time() - start
        together += seconds
        print(f"{name:20}{values.mean():10.4f}{seconds:9.2f}")
    print(f"{'all together':30}{together:9.2f} of one processor")


if __name__ == "__main__":
    main()

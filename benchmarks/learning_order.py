"""The reduced experiment on learning order: five networks on 5,000 CIFAR-10 images.

    python -m benchmarks.learning_order --data-root DATA
    python -m benchmarks.learning_order --data-root DATA --label-noise 1 --networks 3

DATA holds CIFAR-10, as `harness list families` finds it, and CIFAR-10H's probs.npy in
cifar10h/, without which the last lines are left out. LeNet-5 with batch norm from a
Kaiming-normal start, batch 128, SGD with plain momentum and a rate of 0.05 that falls
to 5e-4 as a cosine, no augmentation and no normalisation; the first 5,000 training and
2,000 test images. With --nesterov that momentum, PyTorch's own start, and a rate that
falls to 0.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from harness.analysis.correlation import Undefined
from harness.analysis.difficulty import difficulty, shuffled
from harness.datasets.images import ArrayImages
from harness.datasets.made.label_noise import with_label_noise
from harness.metrics.image_statistics import STATISTICS
from harness.metrics.image_statistics.soft_labels import soft_label_entropy
from harness.metrics.learning_order.agreement import agreements
from harness.metrics.learning_order.split_half import split_half
from harness.metrics.numerics.cubes import right_of
from harness.models.architectures import simple
from harness.models.architectures.agreeing import lenet5
from harness.models.published.agreeing import CIFAR10_RECIPE
from harness.models.training import train
from harness.registry import Registry
from harness.settings import Settings

CHOSEN = ("window_entropy", "dct_share", "edge_sobel_sum", "luminance")


def first(images, count: int, labels=None) -> ArrayImages:
    """So many images, with other labels where they are given."""
    own = np.asarray(images.labels)[:count] if labels is None else labels
    return ArrayImages(pixels=images.block(0, count), labels=own)


def main() -> None:
    """Train, and print a table by epoch and the correlations."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--networks", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--train", type=int, default=5000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--label-noise", type=float, default=0.0)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--nesterov", action="store_true")
    arguments = parser.parse_args()
    own = user_cache_path("harness")
    root = arguments.data_root
    settings = Settings(base="cifar10", data_root=root, cache_dir=own, store=own)
    base = Registry().bases["cifar10"]
    source, test = base.train(settings), first(base.test(settings), arguments.test)
    true = np.asarray(source.labels)[: arguments.train]
    noisy = with_label_noise(true, arguments.label_noise, classes=10)
    images = first(source, arguments.train, noisy)
    recipe = replace(
        CIFAR10_RECIPE, epochs=arguments.epochs, learning_rate=arguments.learning_rate
    )
    if arguments.nesterov:
        recipe = replace(recipe, nesterov=True, final_learning_rate=0.0)
    watch = {"train": images, "test": test}
    start = time.perf_counter()
    made = [
        train(
            simple.lenet5 if arguments.nesterov else lenet5,
            images,
            recipe,
            mean=(0.0,) * 3,
            std=(1.0,) * 3,
            seed=seed,
            watch=watch,
        )
        for seed in range(arguments.networks)
    ]
    print(
        f"{arguments.networks} networks, {arguments.epochs} epochs, label noise "
        f"{arguments.label_noise:g}: {time.perf_counter() - start:.0f} s"
    )
    for split, some in watch.items():
        predicted = np.stack([one.predicted[split] for one in made])
        _show(split, right_of(predicted, np.asarray(some.labels)), some)
        if split == "train":
            met = np.stack([one.during for one in made])
            _show("during the epoch", right_of(met, np.asarray(some.labels)), some)
        if split == "test":
            right = right_of(predicted, np.asarray(some.labels))
            people = arguments.data_root / "cifar10h" / "probs.npy"
            if people.exists():
                entropy = soft_label_entropy(np.load(people)[: arguments.test])
                _relate("human entropy", entropy, right, some)


def _show(split: str, right: np.ndarray, images: ArrayImages) -> None:
    print(f"\n{split}: {right.shape[2]} images")
    print("epoch  accuracy  spread  agreement  expected  corrected  lower bound")
    for epoch, one in enumerate(agreements(right), 1):
        print(
            f"{epoch:5}{one.accuracy:10.3f}{one.spread:8.3f}{one.value:11.3f}"
            f"{one.expected:10.3f}{one.corrected or np.nan:11.3f}"
            f"{one.lower_bound:13.3f}"
        )
    half = split_half(right)
    print(
        f"split halves: r {half.r:.3f}, rho {half.rho:.3f}, "
        f"reliability {half.reliability:.3f}"
    )
    for name in CHOSEN:
        _relate(name, STATISTICS[name](images.pixels), right, images)


def _relate(name: str, values: np.ndarray, right, images: ArrayImages) -> None:
    labels = np.asarray(images.labels)
    found = difficulty(values, right, labels, draws=200, over_networks=True)
    other = shuffled(values, right, labels)
    shown = [
        "-"
        if isinstance(one, Undefined)
        else f"{one.value:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        for one in (found.overall, found.within)
    ]
    p = "-" if isinstance(other, Undefined) else f"{other.p:.3f}"
    print(f"{name:16} over all {shown[0]}, within classes {shown[1]}, shuffled p {p}")


if __name__ == "__main__":
    main()

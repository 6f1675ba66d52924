"""Ablations of Self-Classifier on digits: what each option is worth, over seeds.

    python -m benchmarks.self_classifier
    python -m benchmarks.self_classifier --model resnet --seeds 0,1 --only head,prior
    python -m benchmarks.self_classifier --all-images --only 'as it is'
    python -m benchmarks.self_classifier --all-images --seeds 0,1

Each variant changes one option of the recipe; trainings are kept under --cache-dir, so
that a second call finds them. Clusters are those of the test split after the last
epoch, beside k-means on its pixels and beside random clusters. Nothing is chosen by
labels: of the seeds of a variant that of least loss in the last epoch is, which is said
where another is right more often. With --all-images both are all 1,797 images of
scikit-learn's digits, as in published clusterings of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.datasets.bases import DIGITS
from harness.datasets.images import ArrayImages
from harness.metrics.clustering.acc import acc_one_to_one
from harness.metrics.clustering.adjusted import ami, ari
from harness.metrics.clustering.nmi import nmi_arithmetic
from harness.metrics.numerics.kmeans import Norm, kmeans
from harness.models.entries import SELF_CLASSIFIERS
from harness.models.published.self_classifiers import RECIPE
from harness.models.recipe import Recipe
from harness.models.record import read_record
from harness.models.self_classifier.options import SelfClassifier
from harness.models.trainings import Training, train_once
from harness.settings import Settings

VARIANTS: dict[str, dict[str, object]] = {
    "as it is": {},
    "one head": {"heads": (10,)},
    "heads 10,20,40": {"heads": (10, 20, 40)},
    "one head of 20": {"heads": (20,)},
    "column temperature 0.1": {"column_temperature": 0.1},
    "row temperature 0.2": {"row_temperature": 0.2},
    "queue 512": {"queue": 512},
    "views 3": {"whole_views": 3},
    "no prior": {"prior": False},
}
BATCHES = (64, 256)


@dataclass(frozen=True)
class Variant:
    """A recipe with one thing changed."""

    name: str
    recipe: Recipe


def variants(epochs: int | None) -> Iterator[Variant]:
    """All of them, the unchanged one first."""
    base = replace(RECIPE, epochs=epochs or RECIPE.epochs)
    assert base.objective is not None
    for name, changes in VARIANTS.items():
        objective: SelfClassifier = replace(base.objective, **changes)  # type: ignore[arg-type]
        yield Variant(name, replace(base, objective=objective))
    for size in BATCHES:
        yield Variant(f"batch {size}", replace(base, batch_size=size))


def line(name: str, clusters: NDArray[np.int64], labels: NDArray[np.int64]) -> str:
    """Of one partition."""
    found = (measure(clusters, labels) for measure in (nmi_arithmetic, ami, ari))
    numbers = " ".join(f"{value:6.3f}" for value in found)
    return (
        f"{name:<31} {numbers} {acc_one_to_one(clusters, labels):6.3f} "
        f"{len(np.unique(clusters)):5}"
    )


def whole(settings: Settings) -> ArrayImages:
    """Training and test images in one, and those of the other writers."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = (found.images * (255 / 16)).round().astype(np.uint8)[..., None]
    return ArrayImages(pixels=pixels, labels=found.target.astype(np.int64))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="vgg")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--only", default="", help="words of the variants to train")
    parser.add_argument("--all-images", action="store_true")
    parser.add_argument("--cache-dir", type=Path, default=Path(".harness/cache"))
    arguments = parser.parse_args()
    settings = Settings(cache_dir=arguments.cache_dir, store=Path(".harness"))
    name = f"{arguments.model}-selfclassifier"
    entry = next(e for e in SELF_CLASSIFIERS if (e.base, e.name) == ("digits", name))
    base = replace(DIGITS, train=whole, test=whole) if arguments.all_images else DIGITS
    test = base.test(settings)
    labels = np.asarray(test.labels)

    print(f"{'':<31} {'nmi':>6} {'ami':>6} {'ari':>6} {'acc':>6} {'used':>5}   loss")
    rng = np.random.default_rng(0)
    print(line("random clusters", rng.integers(10, size=len(labels)), labels))
    flat = test.pixels.reshape(len(labels), -1).astype(np.float64)
    found = kmeans(flat, k=10, norm=Norm.RAW, n_init=10, seed=0)
    print(line("k-means on pixels", found.clusters, labels))
    words = [word for word in arguments.only.split(",") if word]
    for variant in variants(arguments.epochs):
        if words and not any(word in variant.name for word in words):
            continue
        losses, rights = {}, {}
        for seed in map(int, arguments.seeds.split(",")):
            training = Training(
                entry=entry,
                base=base,
                recipe=variant.recipe,
                seed=seed,
                settings=settings,
            )
            train_once(training, splits=("test",), tell=print)
            record = read_record(training.record)
            clusters = record.predicted_on("test")[-1].astype(np.int64)
            text = line(f"{variant.name}, seed {seed}", clusters, labels)
            print(f"{text} {record.loss[-1]:6.3f}", flush=True)
            losses[seed] = record.loss[-1]
            rights[seed] = acc_one_to_one(clusters, labels)
        chosen, best = min(losses, key=losses.__getitem__), max(rights, key=rights.get)
        if rights[chosen] < rights[best]:
            print(f"{'':<31} seed {chosen} has the least loss, {best} the highest acc")


if __name__ == "__main__":
    main()

"""What scores of difficulty find: images that were made hard, or easy, on purpose.

    python -m benchmarks.planted_hardness

A tenth of the training digits is changed; small networks are trained, and each score
ranks the images. Shown is the average precision of finding those that were changed,
beside its chance, their share. Copies are looked for among the easy, all else among the
hard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from harness.arrays import softmax
from harness.datasets.bases import DIGITS
from harness.datasets.made.label_noise import with_label_noise
from harness.metrics.learning_order.cartography import cartography
from harness.metrics.learning_order.consistency_score import consistency_score
from harness.metrics.learning_order.correctness import correctness_score
from harness.metrics.learning_order.el2n import el2n
from harness.metrics.learning_order.first_learned import (
    censored,
    first_learned,
    learned_for_good,
)
from harness.metrics.learning_order.forgetting import forgetting_counts
from harness.metrics.learning_order.margin import area_under_margin
from harness.metrics.learning_order.prediction_depth import (
    neighbour_probe,
    prediction_depth,
)
from harness.metrics.robustness.detection import detection
from harness.settings import Settings

EPOCHS, NETWORKS, RUNS, SHARE = 12, 3, 12, 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planted:
    """Training images of which some were changed.

    Attributes
    ----------
    pixels, labels
        (n, 64) float32 in [0, 1], and (n,).
    changed
        (n,) which.
    easy
        Whether they are looked for among the easy.
    """

    pixels: np.ndarray
    labels: np.ndarray
    changed: np.ndarray
    easy: bool = False


def _digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    images = DIGITS.train(Settings(cache_dir=Path(), store=Path()))
    pixels = images.pixels.reshape(len(images), -1) / 255
    some = np.zeros(len(images), dtype=bool)
    rng = np.random.default_rng(0)
    some[rng.choice(len(some), int(SHARE * len(some)), replace=False)] = True
    return pixels, np.asarray(images.labels), some


def wrong_labels() -> Planted:
    """Another label than the true one."""
    pixels, labels, _ = _digits()
    noisy = with_label_noise(labels, SHARE, classes=10, true_too=False)
    return Planted(pixels=pixels, labels=noisy, changed=noisy != labels)


def near_duplicates() -> Planted:
    """Copies of seven images, one of each of seven classes, with a little noise."""
    pixels, labels, some = _digits()
    rng = np.random.default_rng(1)
    of = np.array([np.flatnonzero((labels == c) & ~some)[0] for c in range(7)])
    chosen = rng.choice(of, some.sum())
    pixels, labels = pixels.copy(), labels.copy()
    noise = rng.normal(0, 0.02, (len(chosen), pixels.shape[1]))
    pixels[some], labels[some] = np.clip(pixels[chosen] + noise, 0, 1), labels[chosen]
    some[of] = True
    return Planted(pixels=pixels, labels=labels, changed=some, easy=True)


def out_of_distribution() -> Planted:
    """Images of no digit: pixels of one in any order, under the label of it."""
    pixels, labels, some = _digits()
    pixels = pixels.copy()
    pixels[some] = np.random.default_rng(1).permuted(pixels[some], axis=1)
    return Planted(pixels=pixels, labels=labels, changed=some)


def corrupted() -> Planted:
    """Digits under noise of a standard deviation of 0.4 of full scale."""
    pixels, labels, some = _digits()
    pixels = pixels.copy()
    noise = np.random.default_rng(1).normal(0, 0.4, pixels[some].shape)
    pixels[some] = np.clip(pixels[some] + noise, 0, 1)
    return Planted(pixels=pixels, labels=labels, changed=some)


KINDS: dict[str, Callable[[], Planted]] = {
    "wrong labels": wrong_labels,
    "out of distribution": out_of_distribution,
    "corrupted": corrupted,
    "near-duplicates": near_duplicates,
}


def scores_of(planted: Planted) -> dict[str, np.ndarray]:
    """By name (n,) how hard each image is, by networks that are trained on them."""
    labels = planted.labels
    x = torch.from_numpy(planted.pixels).float()
    logits, hidden = [], []
    for seed in range(NETWORKS):
        said, body = _trained(x, labels, np.arange(len(labels)), seed)
        logits.append(said)
        hidden.append(body)
    everything = np.stack(logits)
    right = everything.argmax(axis=3) == labels
    probs = softmax(everything)
    gold = np.take_along_axis(probs, labels[None, None, :, None], axis=3)[..., 0]
    maps = [cartography(one) for one in gold]
    first, good = (
        censored(learned(right), EPOCHS).mean(axis=0)
        for learned in (first_learned, learned_for_good)
    )
    probed = np.stack(
        [
            neighbour_probe(features, features, labels, leave_out=True)
            for features in (planted.pixels, hidden[0])
        ]
    )
    return {
        "correctness": -correctness_score(right),
        "first learned": first,
        "learned for good": good,
        "forgetting": forgetting_counts(right).astype(float),
        "confidence": -np.mean([one.confidence for one in maps], axis=0),
        "variability": np.mean([one.variability for one in maps], axis=0),
        "margin": -np.mean([area_under_margin(z, labels) for z in everything], axis=0),
        "el2n": el2n(probs[:, 3], labels),
        "consistency": -_consistency(x, labels),
        "depth": prediction_depth(probed, everything[0, -1].argmax(axis=1)).astype(
            float
        ),
        "neighbours disagree": (probed != labels).mean(axis=0),
    }


def precision(score: np.ndarray, planted: Planted) -> tuple[float, float]:
    """Average precision of finding what was changed, and its chance."""
    sign = -1 if planted.easy else 1
    found = detection(
        sign * score[planted.changed], sign * score[~planted.changed]
    ).numbers["aupr_average_precision"]
    assert found.chance is not None
    return found.value, found.chance


def _consistency(x: torch.Tensor, labels: np.ndarray) -> np.ndarray:
    """Of runs that are each trained on a half that is drawn."""
    rng = np.random.default_rng(2)
    trained_on = rng.random((RUNS, len(labels))) < 0.5
    right = np.stack(
        [
            _trained(x, labels, np.flatnonzero(some), seed)[0][-1].argmax(axis=1)
            == labels
            for seed, some in enumerate(trained_on)
        ]
    )
    found = consistency_score(right, trained_on)
    return np.where(np.isnan(found), np.nanmean(found), found)


def _trained(
    x: torch.Tensor, labels: np.ndarray, rows: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(epochs, n, 10) logits of all images, and the hidden layer at the end."""
    y = torch.from_numpy(labels)
    some = torch.from_numpy(rows)
    said = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        body = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU())
        network = torch.nn.Sequential(body, torch.nn.Linear(32, 10))
        optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
        for _ in range(EPOCHS):
            for step in some[torch.randperm(len(some))].split(64):
                loss = torch.nn.functional.cross_entropy(network(x[step]), y[step])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            with torch.no_grad():
                said.append(network(x).numpy())
        with torch.no_grad():
            return np.stack(said), body(x).numpy()


def main() -> None:
    """Print a row for each score."""
    made = {name: make() for name, make in KINDS.items()}
    scores = {name: scores_of(planted) for name, planted in made.items()}
    print("average precision".ljust(22) + "".join(name.rjust(21) for name in made))
    for score in next(iter(scores.values())):
        found = [precision(scores[name][score], made[name])[0] for name in made]
        print(score.ljust(22) + "".join(f"{value:21.3f}" for value in found))
    chances = [precision(np.zeros(len(p.labels)), p)[1] for p in made.values()]
    print("chance".ljust(22) + "".join(f"{value:21.3f}" for value in chances))


if __name__ == "__main__":
    main()

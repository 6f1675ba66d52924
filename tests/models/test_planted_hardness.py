"""Planted hardness: what scores of difficulty find where wrong labels are known."""

import numpy as np
import pytest
import torch

from harness.arrays import softmax
from harness.datasets.bases import DIGITS
from harness.datasets.made.label_noise import with_label_noise
from harness.metrics.learning_order.cartography import cartography
from harness.metrics.learning_order.correctness import correctness_score
from harness.metrics.learning_order.el2n import el2n
from harness.metrics.learning_order.first_learned import (
    censored,
    first_learned,
    learned_for_good,
)
from harness.metrics.learning_order.margin import area_under_margin
from harness.metrics.learning_order.prediction_depth import (
    neighbour_probe,
    prediction_depth,
)
from harness.metrics.robustness.detection import detection
from harness.settings import Settings

EPOCHS, NETWORKS, NOISE = 12, 3, 0.1


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Logits (networks, epochs, n, 10), hidden layers, labels, and which are wrong.

    Of small networks that are trained on digits of which a tenth has another label.
    """
    folder = tmp_path_factory.mktemp("digits")
    images = DIGITS.train(Settings(cache_dir=folder, store=folder))
    true = np.asarray(images.labels)
    labels = with_label_noise(true, NOISE, classes=10, true_too=False)
    x = torch.from_numpy(images.pixels.reshape(len(true), -1) / 255.0).float()
    y = torch.from_numpy(labels)
    logits, hidden = [], []
    with torch.random.fork_rng(devices=[]):
        for seed in range(NETWORKS):
            torch.manual_seed(seed)
            body = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU())
            network = torch.nn.Sequential(body, torch.nn.Linear(32, 10))
            optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9)
            said = []
            for _ in range(EPOCHS):
                for rows in torch.randperm(len(y)).split(64):
                    loss = torch.nn.functional.cross_entropy(network(x[rows]), y[rows])
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                with torch.no_grad():
                    said.append(network(x).numpy())
            logits.append(np.stack(said))
            with torch.no_grad():
                hidden.append(body(x).numpy())
    return np.stack(logits), hidden, x.numpy(), labels, labels != true


def precision(scores, wrong):
    """Average precision of finding the wrong labels, and its chance."""
    found = detection(scores[wrong], scores[~wrong]).numbers["aupr_average_precision"]
    return found.value, found.chance


def test_scores_find_wrong_labels(planted):
    """Each far above the share of what is wrong, a tenth."""
    logits, hidden, pixels, labels, wrong = planted
    right = logits.argmax(axis=3) == labels
    probs = softmax(logits)
    gold = np.take_along_axis(probs, labels[None, None, :, None], axis=3)[..., 0]
    first, good = (
        censored(learned(right), EPOCHS).mean(axis=0)
        for learned in (first_learned, learned_for_good)
    )
    scores = {
        "correctness": -correctness_score(right),
        "first learned": first,
        "learned for good": good,
        "confidence": -cartography(gold.mean(axis=0)).confidence,
        "margin": -np.mean([area_under_margin(one, labels) for one in logits], axis=0),
        "el2n": el2n(probs[:, 3], labels),
    }
    for name, score in scores.items():
        value, chance = precision(np.asarray(score, dtype=float), wrong)
        assert chance == pytest.approx(wrong.mean())
        assert chance == pytest.approx(0.1, abs=0.03)
        assert value > 0.7, name

    # Depth does not look at labels; that neighbours say another class does.
    probes = np.stack(
        [
            neighbour_probe(features, features, labels, leave_out=True)
            for features in (pixels, hidden[0])
        ]
    )
    depth = prediction_depth(probes, logits[0, -1].argmax(axis=1))
    assert depth.max() == 2
    assert (depth == 0).mean() > 0.8
    assert precision((probes != labels).mean(axis=0), wrong)[0] > 0.7

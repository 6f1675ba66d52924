"""Learning order on real data: published C-scores against what a network finds hard."""

import numpy as np
import pytest

from harness.answers.predictions import Predictions
from harness.arrays import log_softmax
from harness.datasets.dataset import Dataset
from harness.datasets.images import ArrayImages
from harness.metrics.numerics.ranks import spearman
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.slow]
IMAGES = 6000


def within(x, y, labels):
    """Mean of Spearman's correlation within classes."""
    return np.mean([spearman(x[labels == c], y[labels == c]) for c in range(10)])


def test_what_is_inconsistent_is_hard_for_a_network(data_root, weights_root, tmp_path):
    """C-scores join the training images; shifted by one within a class they do not."""
    path = data_root / "cifar10-cscores" / "train.npz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    settings = Settings(
        base="cifar10",
        data_root=data_root,
        weights_root=weights_root,
        cache_dir=tmp_path,
        store=tmp_path,
    )
    run = Run(settings, Registry(), tell=print)
    train = run.base.train(settings)
    labels = np.asarray(train.labels)[:IMAGES]
    images = ArrayImages(pixels=train.block(0, IMAGES), labels=labels)
    dataset = Dataset(
        name="sample", family="sample", domain="exterior", load=lambda: images
    )
    logits = Predictions(lambda: run.load_model("resnet20"), dataset).logits()
    likely = log_softmax(logits)[np.arange(IMAGES), labels]
    with np.load(path) as file:
        scores = file["scores"][:IMAGES]
    shifted = scores.copy()
    for c in range(10):
        shifted[labels == c] = np.roll(scores[labels == c], 1)

    right = (logits.argmax(axis=1) == labels).astype(float)
    assert right.mean() == pytest.approx(0.8585, abs=1e-3)
    assert spearman(scores, likely) == pytest.approx(0.5736, abs=2e-3)
    assert spearman(scores, right) == pytest.approx(0.3530, abs=3e-3)
    assert scores[right == 1].mean() == pytest.approx(0.7937, abs=1e-3)
    assert scores[right == 0].mean() == pytest.approx(0.5957, abs=2e-3)
    assert within(scores, likely, labels) > 0.5
    assert abs(within(shifted, likely, labels)) < 0.05
    assert spearman(shifted, likely) < 0.15

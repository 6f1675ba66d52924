"""The real thing: published weights on real images give the numbers that are known."""

import numpy as np
import pytest

from harness.errors import BadData
from harness.metrics.accuracy import accuracy
from harness.metrics.average_confidence import average_confidence
from harness.metrics.effective_invariance import jigsaw_invariance, rotation_invariance
from harness.metrics.entropy import entropy
from harness.metrics.nuclear_norm import nuclear_norm
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings
from harness.views import ROTATIONS, jigsaws

pytestmark = pytest.mark.real


@pytest.fixture
def run(data_root, weights_root, tmp_path):
    """CIFAR-10 with the real data and weights."""
    if not (data_root / "cifar10-jpeg75").is_dir():
        pytest.skip(f"{data_root} has no cifar10-jpeg75, whose numbers are known")
    settings = Settings(
        base="cifar10",
        data_root=data_root,
        weights_root=weights_root,
        cache_dir=tmp_path,
        store=tmp_path,
    )
    return Run(settings, Registry(), tell=print)


@pytest.mark.parametrize(
    ("name", "expected"), [("resnet20", 0.8103), ("resnet56", 0.832)]
)
def test_accuracy_on_all_test_images(run, name, expected):
    """Of recompressed images: on the original ones they reach 0.917 and 0.934."""
    test = run.datasets["test"]
    predictions = run.predict(lambda: run.load_model(name), test)

    assert accuracy(predictions.logits(), test.labels()) == pytest.approx(
        expected, abs=5e-4
    )


def test_metrics_of_resnet20_on_all_test_images(run):
    """As another implementation found them, to the digits it gives."""
    predictions = run.predict(lambda: run.load_model("resnet20"), run.datasets["test"])
    probs = predictions.probs()

    assert nuclear_norm(probs) == pytest.approx(0.94827, abs=1e-4)
    assert average_confidence(predictions.logits()) == pytest.approx(0.9348, abs=1e-4)
    assert entropy(predictions.logits()) == pytest.approx(0.1706, abs=1e-4)
    turned = predictions.view_probs(ROTATIONS)
    assert rotation_invariance(probs, turned) == pytest.approx(0.32227, abs=1e-4)
    puzzled = predictions.view_probs(jigsaws(2, 4)[1:])
    assert jigsaw_invariance(probs, puzzled) == pytest.approx(0.50837, abs=1e-4)


def test_corrupt_weights_are_refused_before_they_are_read(run, tmp_path, weights_root):
    """The sum in the published name does not fit a file that lost a byte."""
    entry = run.registry.model("cifar10", "resnet20")
    whole = next(weights_root.rglob(entry.weights.filename)).read_bytes()
    (tmp_path / entry.weights.filename).write_bytes(whole[:-1])
    settings = Settings(
        base="cifar10", weights_root=tmp_path, cache_dir=tmp_path, store=tmp_path
    )

    with pytest.raises(BadData, match="must begin with 12fca82f"):
        entry.load(settings, run.base, "cpu", print)


def test_mnist_shrunk_looks_like_the_digits(data_root, tmp_path):
    """Means and spreads of ink are near those of the bundled scans."""
    from harness.datasets.families import FAMILIES

    settings = Settings(data_root=data_root, cache_dir=tmp_path, store=tmp_path)
    family = next(f for f in FAMILIES if f.name == "mnist-8x8")
    (dataset,) = family.datasets(settings)
    images = dataset.load()

    assert images.pixels.shape[1:] == (8, 8, 1)
    assert len(images.pixels) == len(images.labels)
    assert np.bincount(images.labels).min() > 0
    digits = Registry().bases["digits"].test(settings).pixels
    assert images.pixels.mean() == pytest.approx(digits.mean(), rel=0.35)

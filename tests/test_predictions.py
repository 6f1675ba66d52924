"""Predictions: one pass a view, checked, and independent of batch size."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.datasets.dataset import BLOCK, Dataset, Images, Transformation
from harness.measurement import Domain
from harness.models.classifier import Classifier
from harness.predictions import Predictions, chosen_device
from harness.views import IDENTITY, ROTATIONS


def noise(images, rng, *, scale):
    """A transformation that draws for every pixel."""
    drawn = torch.from_numpy(rng.integers(0, scale, size=tuple(images.shape)))
    return (images + drawn).clamp(0, 255).to(torch.uint8)


@pytest.fixture
def classifier():
    """A random network on 8x8 grey images, 3 classes."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
    return Classifier(
        name="random",
        network=network.eval().requires_grad_(False),
        mean=(0.5,),
        std=(0.25,),
        classes=3,
        head="1",
        fingerprint="",
    )


@pytest.fixture
def dataset():
    """More than two blocks of random images under per-pixel noise."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, size=(2 * BLOCK + 77, 8, 8, 1), dtype=np.uint8)
    return Dataset(
        name="random",
        family="random",
        domain=Domain.EXTERIOR,
        load=lambda: Images(pixels=pixels, labels=None, digest="x"),
        transformations=(
            Transformation(
                name="noise", target=f"{__name__}:noise", parameters={"scale": 50}
            ),
        ),
    )


def test_features_entering_the_head_give_the_logits(classifier, dataset):
    """And the logits are those of the normalised, transformed, turned images."""
    predictions = Predictions(lambda: classifier, dataset)
    view = ROTATIONS[0]

    images = view(torch.cat(list(dataset.blocks())))
    expected = classifier.network((images.float() / 255 - 0.5) / 0.25).numpy()
    head = classifier.network[1]
    features = torch.from_numpy(predictions.features(view)).float()

    np.testing.assert_allclose(predictions.logits(view), expected, atol=1e-5)
    np.testing.assert_allclose(head(features).numpy(), expected, atol=1e-5)
    assert predictions.logits().dtype == np.float64
    assert (predictions.predicted() == predictions.logits().argmax(1)).all()
    np.testing.assert_allclose(predictions.probs().sum(1), 1)
    assert predictions.view_probs(ROTATIONS).shape == (3, len(predictions), 3)


@pytest.mark.parametrize("batch_size", [1000, 64, 7])
def test_batch_size_changes_nothing(classifier, dataset, batch_size):
    """Neither the images, which are random, nor the order."""
    usual = Predictions(lambda: classifier, dataset)
    other = Predictions(lambda: classifier, dataset, batch_size=batch_size)

    np.testing.assert_allclose(usual.logits(), other.logits(), atol=1e-5)


@pytest.mark.parametrize("limit", [1, BLOCK - 1, BLOCK, BLOCK + 1, 10 * BLOCK])
def test_a_sample_is_the_beginning_of_the_whole(dataset, limit):
    """The first images are the same pixel for pixel, noise included."""
    whole = torch.cat(list(dataset.blocks()))
    sample = torch.cat(list(dataset.blocks(limit=limit)))

    assert len(sample) == min(limit, len(whole)) == dataset.size(limit)
    assert (sample == whole[:limit]).all()


def test_each_view_is_run_once(classifier, dataset):
    """However often and in whatever form it is asked for."""
    calls = []
    classifier.network.register_forward_hook(lambda *_: calls.append(1))
    predictions = Predictions(lambda: classifier, dataset, batch_size=BLOCK)

    for _ in range(3):
        predictions.logits(IDENTITY)
        predictions.features()
        predictions.probs()

    assert len(calls) == 3  # one call a block, no more


def test_it_holds_no_labels(classifier, dataset):
    """A metric that is handed predictions cannot reach any by their public names."""
    predictions = Predictions(lambda: classifier, dataset)

    assert not [name for name in dir(predictions) if "label" in name]


def test_a_wrong_number_of_classes_is_named(classifier, dataset):
    """Model, dataset, the shape expected and found."""
    wrong = replace(classifier, classes=10)

    with pytest.raises(ValueError, match=r"model random on random.*\(1077, 10\)"):
        Predictions(lambda: wrong, dataset).logits()


def test_a_device_that_is_not_there_is_refused():
    """With its name; `auto` always finds one."""
    assert chosen_device("auto") in ("cpu", "cuda", "mps")
    assert chosen_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="device 'cuda' cannot be used here"):
            chosen_device("cuda")


def test_content_is_in_a_fingerprint_and_names_are_not(dataset):
    """Transformation parameters and seed count; the name does not."""
    same = replace(dataset, name="other", family="other")
    harder = replace(
        dataset,
        transformations=(
            replace(dataset.transformations[0], parameters={"scale": 51}),
        ),
    )

    assert same.fingerprint() == dataset.fingerprint()
    assert harder.fingerprint() != dataset.fingerprint()
    assert replace(dataset, seed=(1,)).fingerprint() != dataset.fingerprint()

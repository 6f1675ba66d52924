"""Healthy folders lie in the range of a fit or hardly beyond it; strange do not."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import correlate
from harness.analysis.gates import Evidence, judge, parse
from harness.analysis.ranges import CHANCE, Beyond, beyond, farthest_first
from harness.analysis.targets import predict_targets
from harness.arrays import softmax
from harness.commands.predict import POOLS
from harness.datasets.images import ArrayImages
from harness.datasets.readers.digits import read_digits
from harness.measurement import Domain, Measurement
from harness.metrics.numerics.resamples import Resampled, resampled
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings

SIZE = 150
FOLDERS = 100
# Of those that `harness predict` takes, quick ones of each sort; the last three drift
# with the number of images.
NAMES = (
    *("average_confidence", "atc_mc", "atc_ne", "difference_of_confidences"),
    *("entropy", "nuclear_norm", "marginal_entropy", "mean_feature_norm"),
    *("dispersion_score", "frechet_distance", "meta_distribution_energy"),
)
GATE = parse("predicted accuracy on * >= 0.75")


class Answered:
    """A bundled network on the digits: all that is measured of it is from these."""

    def __init__(self, folder):
        registry = Registry()
        settings = Settings(
            models=("lenet",),
            families=("test", *POOLS),
            interior=5,
            cache_dir=folder,
            store=folder,
        )
        self.run = Run(settings, registry, tell=print)
        network = self.run.load_model("lenet")
        self.network = lambda: network
        self.metrics = [registry.metrics[name] for name in NAMES]
        test = self.run.datasets["test"]
        self.source = self.arrays(test), test.labels(None)
        self.interior = [
            row
            for dataset in self.run.datasets.values()
            for row in self.rows(dataset, self.arrays(dataset))
        ]
        self.healthy = {}

    def arrays(self, dataset):
        found = self.run.predict("lenet", dataset, self.network)
        logits = found.logits()
        return {
            "logits": logits,
            "probs": softmax(logits),
            "predicted": logits.argmax(axis=1),
            "features": found.features(),
        }

    def of_images(self, pixels):
        """Of a folder that nobody labelled."""
        images = ArrayImages(pixels=pixels, labels=None)
        test = self.run.datasets["test"]
        return self.arrays(replace(test, name="folder", load=lambda: images))

    def value(self, metric, arrays):
        source, labels = self.source
        of = {"target": arrays, "source": {**source, "labels": labels}}
        return float(metric.fn(*(of[ask.of][ask.what] for ask in metric.inputs)))

    def resamples(self, metric, size):
        source, labels = self.source
        if (metric.name, size) not in self.healthy:
            self.healthy[metric.name, size] = resampled(
                lambda rows: self.value(metric, picked(source, rows)), len(labels), size
            )
        return self.healthy[metric.name, size]

    def rows(self, dataset, arrays):
        labels = dataset.labels(None)
        accuracy = float((arrays["predicted"] == labels).mean())
        for metric in self.metrics:
            yield row(metric, self.value(metric, arrays), dataset, accuracy, labels)

    def folder(self, name, arrays, *, resamples=True):
        """The rows of a folder, as `measure` makes them."""
        size = len(arrays["logits"])
        for metric in self.metrics:
            facts = {}
            if resamples:
                found = self.resamples(metric, size)
                facts = {
                    "resample_mean": repr(found.mean),
                    "resample_error": repr(found.error),
                }
            yield Measurement(
                **{**common(metric), "domain": Domain.TARGET},
                value=self.value(metric, arrays),
                dataset=name,
                family="folder",
                accuracy=None,
                images=size,
                facts=facts,
            )


def picked(arrays, rows):
    return {name: array[rows] for name, array in arrays.items()}


def common(metric):
    return {
        "metric": metric.name,
        "model": "lenet",
        "domain": Domain.INTERIOR,
        "seconds": 0.0,
        "key": "",
        "estimate": metric.kind == "estimate",
    }


def row(metric, value, dataset, accuracy, labels):
    return Measurement(
        **common(metric),
        value=value,
        dataset=dataset.name,
        family=dataset.family,
        accuracy=accuracy,
        images=len(labels),
        traits=dict(dataset.traits),
    )


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    return Answered(tmp_path_factory.mktemp("cache"))


def verdicts(answered, folders, **options):
    rows = list(answered.interior)
    for i, arrays in enumerate(folders):
        rows += answered.folder(f"folder-{i}", arrays, **options)
    found = predict_targets(correlate(rows))
    return judge([GATE], Evidence(predictions=found))


def drawn(arrays, *, size=SIZE, folders=FOLDERS):
    rng = np.random.default_rng(3)
    n = len(arrays["logits"])
    for _ in range(folders):
        yield picked(arrays, rng.choice(n, size, replace=False))


def outside(found):
    return [one for one in found if "outside the range of the fit (" in one.reason]


def test_of_a_hundred_healthy_folders_as_many_pass_as_is_said(answered):
    """Images of the test split, which nothing was done to: 93 of 100 are right."""
    found = verdicts(answered, drawn(answered.source[0]))
    assert len(found) == FOLDERS
    assert len(outside(found)) <= 5
    assert sum(one.passed for one in found) >= 95


def test_of_fifty_healthy_images_it_is_the_resamples_that_let_them_pass(answered):
    """Some metrics change with the number of images alone."""
    folders = list(drawn(answered.source[0], size=50, folders=20))
    assert len(outside(verdicts(answered, folders))) <= 1
    assert len(outside(verdicts(answered, folders, resamples=False))) >= 15


def test_writers_whom_nobody_saw_are_inside(answered):
    writers = answered.of_images(read_digits("writers").pixels)
    assert len(outside(verdicts(answered, drawn(writers, folders=20)))) <= 1


def noise(rng, n):
    return rng.integers(0, 256, (n, 8, 8, 1)).astype(np.uint8)


def photographs(rng, n):
    """Squares of a photograph that scikit-learn brings, as bright as they are."""
    from sklearn.datasets import load_sample_image

    grey = load_sample_image("china.jpg").mean(axis=2)
    small = grey[:424, :640].reshape(53, 8, 80, 8).mean(axis=(1, 3))
    tops, lefts = rng.integers(0, 45, n), rng.integers(0, 72, n)
    cut = [small[t : t + 8, v : v + 8] for t, v in zip(tops, lefts, strict=True)]
    return np.array(cut)[..., None].astype(np.uint8)


@pytest.mark.parametrize("size", [50, SIZE])
@pytest.mark.parametrize("strange", [noise, photographs])
def test_strange_folders_are_refused(answered, strange, size):
    rng = np.random.default_rng(4)
    folders = [answered.of_images(strange(rng, size)) for _ in range(5)]
    found = verdicts(answered, folders)
    assert not any(one.passed for one in found)
    assert len(outside(found)) == 5
    assert all("sampling errors)" in one.reason for one in found)


def test_far_is_more_than_a_tenth_of_the_range_and_than_chance():
    assert not Beyond(metric="entropy", share=0.03).far
    assert Beyond(metric="entropy", share=0.27).far
    assert not Beyond(metric="entropy", share=0.27, errors=CHANCE).far
    assert Beyond(metric="entropy", share=0.27, errors=CHANCE + 0.1).far
    assert not Beyond(metric="entropy", share=0.03, errors=99.0).far


def test_the_range_is_a_point_and_nothing_is_like_it():
    found = beyond("a", 0.5, 0.4, 0.4, Resampled(mean=0.4, error=0.0))
    assert found == Beyond(metric="a", share=math.inf, errors=math.inf)
    assert found.words == "a by more than all of it, inf sampling errors"
    assert found.far


finite = st.floats(-5, 5)


@given(finite, finite, st.floats(0.01, 5), finite, st.floats(0.01, 5))
def test_nothing_inside_is_beyond(value, low, length, mean, error):
    """And resamples can only bring a dataset nearer."""
    high = low + length
    alone = beyond("a", value, low, high)
    assert (alone is None) == (low <= value <= high)
    found = beyond("a", value, low, high, Resampled(mean=mean, error=error))
    assert (found is None) == (min(low, mean) <= value <= max(high, mean))
    if found is not None:
        assert found.share <= alone.share
        assert found.errors == pytest.approx(
            max(min(low, mean) - value, value - max(high, mean)) / error
        )


def test_the_far_ones_are_named_first():
    near = Beyond(metric="a", share=0.5, errors=1.0)
    far = Beyond(metric="b", share=0.2, errors=9.0)
    assert farthest_first([near, far]) == (far, near)

"""Superclass accuracy, by matched classes and by clusters matched anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.datasets.hierarchy import cifar10_hierarchy
from harness.datasets.readers.cifar_names import CLASSES
from harness.errors import UndefinedMetricError
from harness.metrics.clustering.acc import acc_one_to_one
from harness.metrics.clustering.superclass import (
    SUPERCLASS_ACCURACY,
    SUPERCLASS_ACCURACY_RECLUSTERED,
    superclass_accuracy,
    superclass_accuracy_reclustered,
    superclass_answers,
)

LABELS = np.array([0, 0, 1, 1, 2, 2, 3, 3])
CLUSTERS = np.array([0, 1, 0, 1, 2, 3, 2, 2])
KINDS = np.array([0, 0, 1, 1])


def test_mistakes_inside_a_superclass():
    """5 of 8 classes are right, and all superclasses."""
    found = superclass_answers(CLUSTERS, LABELS, KINDS)

    assert acc_one_to_one(CLUSTERS, LABELS) == 5 / 8
    assert superclass_accuracy(found.predicted, found.labels) == 1
    assert superclass_accuracy_reclustered(found.clusters, found.labels) == 1
    assert SUPERCLASS_ACCURACY.chance(found.predicted, found.labels) == 0.5


def test_classes_that_are_not_covered_are_left_out_of_the_matching():
    """Cluster 0 is mostly of class 3, which is in none; of the rest it is class 0."""
    labels = np.array([3, 3, 3, 0, 0, 1, 1])
    clusters = np.array([0, 0, 0, 0, 0, 1, 1])
    found = superclass_answers(clusters, labels, np.array([0, 1, 1, -1]))

    assert len(found.labels) == 4
    assert superclass_accuracy(found.predicted, found.labels) == 1


def test_a_cluster_without_a_class_is_wrong():
    """By the strict rule a surplus cluster stands for nothing."""
    from harness.metrics.numerics.matching import Rule

    labels, clusters = np.array([0, 0, 0, 1]), np.array([0, 0, 2, 1])
    strict = superclass_answers(
        clusters, labels, np.array([0, 1]), rule=Rule.ONE_TO_ONE
    )

    assert superclass_accuracy(strict.predicted, strict.labels) == 0.75


def test_the_majority_share_is_not_one_over_their_number():
    labels = np.array([0, 1, 2, 3, 4])
    found = superclass_answers(labels, labels, np.array([0, 0, 0, 0, 1]))

    assert SUPERCLASS_ACCURACY.chance(found.predicted, found.labels) == 0.8
    assert SUPERCLASS_ACCURACY_RECLUSTERED.chance(found.clusters, found.labels) >= 0.8


def test_no_covered_image_is_no_number():
    with pytest.raises(UndefinedMetricError, match="no image's class"):
        superclass_answers(CLUSTERS, LABELS, np.full(4, -1))
    with pytest.raises(ValueError, match="an entry for each class, got 2 for class 3"):
        superclass_answers(CLUSTERS, LABELS, KINDS[:2])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
def test_both_are_at_least_the_accuracy_of_classes(seed, n):
    """And matching anew is at least matching classes first."""
    rng = np.random.default_rng(seed)
    labels, clusters = rng.integers(0, 6, n), rng.integers(0, 8, n)
    found = superclass_answers(clusters, labels, np.array([0, 0, 1, 1, 2, 2]))
    first = superclass_accuracy(found.predicted, found.labels)

    assert acc_one_to_one(clusters, labels) <= first + 1e-12
    assert (
        first <= superclass_accuracy_reclustered(found.clusters, found.labels) + 1e-12
    )


PUBLISHED = {
    "alexnet_tf_ben": 0.9671,
    "random_features_32k_no_aug": 0.9653,
    "resnet_basic_56": 0.9884,
    "wrn_28_10": 0.9947,
    "shake_shake_26_2x64d_SSI_cutout16": 0.9972,
}


@pytest.mark.real
def test_animals_and_machines_of_published_predictions(data_root):
    path = data_root / "published-predictions" / "cifar10_test.npz"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    with np.load(path, allow_pickle=False) as file:
        names, labels = [str(n) for n in file["models"]], file["labels"]
        predicted = dict(zip(names, file["predictions"].astype(np.int64), strict=True))
    kinds = cifar10_hierarchy(CLASSES).at(1)
    assert kinds.names == ("animals", "machines")
    for name, expected in PUBLISHED.items():
        found = superclass_answers(predicted[name], labels, kinds.of)
        assert superclass_accuracy(found.predicted, found.labels) == pytest.approx(
            expected, abs=1e-12
        )
        assert SUPERCLASS_ACCURACY.chance(found.predicted, found.labels) == 0.6

"""Retrieval: hand values, values on digits, and a plain formulation of all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UndefinedMetricError
from harness.metrics.representation.retrieval import (
    MAP_AT_R,
    PRECISION_AT_K,
    R_PRECISION,
    hit_at_k,
    map_at_r,
    precision_at_k,
    r_precision,
    recall_at_k,
    retrieval_floor,
)
from tests.metrics.representation.digits import digits

LINE = np.array([[0], [1], [2.1], [3.3], [4.6], [6.0]])
CLASSES = np.array([0, 0, 1, 1, 1, 0])


@pytest.mark.parametrize(
    ("k", "precision", "hit", "recall"),
    [(1, 2 / 3, 2 / 3, 1 / 3), (2, 1 / 2, 5 / 6, 1 / 2), (3, 7 / 18, 5 / 6, 7 / 12)],
)
def test_points_on_a_line(k, precision, hit, recall):
    """By hand; ties to the lower row."""
    options = {"k": k, "distance": "euclidean"}

    assert precision_at_k(LINE, CLASSES, **options) == pytest.approx(precision)
    assert hit_at_k(LINE, CLASSES, **options) == pytest.approx(hit)
    assert recall_at_k(LINE, CLASSES, **options) == pytest.approx(recall)


def test_values_on_digits():
    """All 1,797, pixels, cosine; computed for the reference page, and anew."""
    expected = {
        precision_at_k: {
            1: 0.988870339455,
            5: 0.977740678909,
            10: 0.962826933779,
            50: 0.865965498052,
        },
        hit_at_k: {5: 0.997774067891, 10: 0.998330550918, 50: 0.999443516973},
        recall_at_k: {10: 0.053867908434, 50: 0.242192642167},
    }
    found = {
        fn: {k: fn(*digits(), k=k) for k in values} for fn, values in expected.items()
    }

    for fn, values in expected.items():
        assert found[fn] == pytest.approx(values, abs=1e-11)
    assert r_precision(*digits()) == pytest.approx(0.606454625947, abs=1e-11)
    # Of equal cosines the lower row is nearer: so by integers and fractions. Cosines as
    # floating point rounds them part what is tied, and give 0.540044219587.
    assert map_at_r(*digits()) == pytest.approx(0.540044269331, abs=1e-11)
    assert retrieval_floor(digits()[1]) == pytest.approx(0.099519986912, abs=1e-11)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(4, 15), k=st.integers(1, 3))
def test_they_are_those_of_a_loop_over_images(seed, n, k):
    """Another formulation, image by image."""
    rng = np.random.default_rng(seed)
    points, labels = rng.normal(size=(n, 2)), rng.integers(0, 3, n)
    labels[:2] = 0
    precisions, hits, recalls, over_r, averages = [], [], [], [], []
    for i in range(n):
        apart = ((points - points[i]) ** 2).sum(axis=1)
        order = [j for j in np.argsort(apart, kind="stable") if j != i]
        same = [bool(labels[j] == labels[i]) for j in order]
        precisions.append(np.mean(same[:k]))
        hits.append(any(same[:k]))
        if r := sum(same):
            recalls.append(sum(same[:k]) / r)
            over_r.append(sum(same[:r]) / r)
            gains = [sum(same[: j + 1]) / (j + 1) for j in range(r) if same[j]]
            averages.append(sum(gains) / r)

    options = {"k": k, "distance": "euclidean"}
    assert precision_at_k(points, labels, **options) == pytest.approx(
        np.mean(precisions)
    )
    assert hit_at_k(points, labels, **options) == pytest.approx(np.mean(hits))
    assert recall_at_k(points, labels, **options) == pytest.approx(np.mean(recalls))
    far = {"distance": "euclidean"}
    assert r_precision(points, labels, **far) == pytest.approx(np.mean(over_r))
    assert map_at_r(points, labels, **far) == pytest.approx(np.mean(averages))


def test_classes_of_one_image_have_nothing_to_recall():
    """They are left out; of these alone there is no value."""
    labels = np.array([0, 0, 1, 2, 2, 3])

    found = recall_at_k(LINE, labels, k=1, distance="euclidean")
    assert found == pytest.approx(0.75)  # of rows 0, 1, 3 and 4
    with pytest.raises(UndefinedMetricError, match="every class has one image alone"):
        r_precision(LINE, np.arange(6))


def test_intervals_hold_the_value_and_chance_is_the_floor():
    """Student's, of what each image contributes."""
    rows, labels = digits()[0][:200], digits()[1][:200]
    for metric in (PRECISION_AT_K, R_PRECISION, MAP_AT_R):
        low, high = metric.interval(rows, labels)
        assert 0 <= low < metric(rows, labels) < high <= 1
    assert PRECISION_AT_K.chance(rows, labels) == retrieval_floor(labels)

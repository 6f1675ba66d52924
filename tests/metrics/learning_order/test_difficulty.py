"""Scores of images: the cube worked by hand, hand cases, and what always holds."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from sklearn.neighbors import KNeighborsClassifier

from harness.arrays import softmax
from harness.metrics.learning_order.cartography import cartography
from harness.metrics.learning_order.consistency_score import consistency_score
from harness.metrics.learning_order.correctness import correctness_score
from harness.metrics.learning_order.el2n import el2n
from harness.metrics.learning_order.exact_match import (
    bits_of,
    exact_match,
    exact_match_as_published,
)
from harness.metrics.learning_order.first_learned import (
    censored,
    first_learned,
    learned_for_good,
)
from harness.metrics.learning_order.forgetting import (
    forgetting_counts,
    forgetting_events,
    is_unforgettable,
)
from harness.metrics.learning_order.margin import area_under_margin
from harness.metrics.learning_order.prediction_depth import (
    neighbour_probe,
    prediction_depth,
)
from tests.metrics.learning_order.cube import RIGHT

some = settings(max_examples=60, deadline=None)
shapes = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6))
cubes = shapes.flatmap(lambda shape: nps.arrays(np.bool_, shape))
nan = np.nan


def bits(text):
    """Rows of 0 and 1 as bool."""
    return np.array([[c == "1" for c in row] for row in text.split()])


def test_first_learned_of_the_cube():
    expected = [[1, 1, 2, 3, 4, nan], [1, 2, 1, 3, nan, nan], [1, 1, 2, 4, 1, nan]]

    np.testing.assert_array_equal(first_learned(RIGHT), expected)


def test_learned_for_good_of_the_cube():
    expected = [[1, 1, 2, 3, 4, nan], [1, 2, 4, 3, nan, nan], [1, 1, 2, 4, nan, nan]]

    np.testing.assert_array_equal(learned_for_good(RIGHT), expected)


def test_forgetting_of_the_cube():
    expected = [[0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 2, 0]]

    assert forgetting_events(RIGHT).tolist() == expected
    assert forgetting_counts(RIGHT).tolist() == [0, 0, 1, 0, 6, 12]
    assert is_unforgettable(RIGHT).sum(axis=1).tolist() == [5, 3, 4]


def test_correctness_of_the_cube():
    expected = [1, 11 / 12, 3 / 4, 5 / 12, 1 / 4, 0]

    assert correctness_score(RIGHT) == pytest.approx(expected)


def test_never_learned_is_ranked_after_the_last():
    found = censored(first_learned(RIGHT), 4)

    assert found.max() == 5
    assert found[1].tolist() == [1, 2, 1, 3, 5, 5]
    with pytest.raises(ValueError, match=r"which is 3.*to 4"):
        censored(first_learned(RIGHT), 3)


@some
@given(cubes)
def test_by_going_through_the_epochs(right):
    for net in range(len(right)):
        for image in range(right.shape[2]):
            track = right[net, :, image].tolist()
            first = track.index(True) + 1 if any(track) else nan
            good = nan
            for epoch in range(len(track), 0, -1):
                if not track[epoch - 1]:
                    break
                good = epoch
            events = sum(a and not b for a, b in pairwise(track))
            np.testing.assert_equal(first_learned(right)[net, image], float(first))
            np.testing.assert_equal(learned_for_good(right)[net, image], float(good))
            assert forgetting_events(right)[net, image] == events


@some
@given(cubes)
def test_scores_belong_together(right):
    first, good = first_learned(right), learned_for_good(right)
    known = ~np.isnan(good)

    assert (first[known] <= good[known]).all()
    assert (forgetting_events(right) <= right.shape[1] // 2).all()
    always = correctness_score(right) == 1
    assert np.array_equal(always, (first == 1).all(axis=0) & (good == 1).all(axis=0))
    steady = is_unforgettable(right) & right[:, -1]
    assert np.array_equal(first[steady], good[steady])


def test_exact_match_both_ways():
    said, labels = bits("101 000 010 110"), bits("101 000 000 100")

    assert exact_match(said, labels).tolist() == [True, True, False, False]
    assert exact_match_as_published(said, labels).tolist() == [True, True, True, False]
    assert not bits_of(np.array([0.5]))[0]


@some
@given(st.data())
def test_exact_match_differs_on_images_without_positives_alone(data):
    shape = data.draw(st.tuples(st.integers(1, 6), st.integers(1, 4)))
    said, labels = (data.draw(nps.arrays(np.bool_, shape)) for _ in range(2))
    clean, published = exact_match(said, labels), exact_match_as_published(said, labels)
    positive = labels.any(axis=1)

    assert np.array_equal(clean[positive], published[positive])
    assert published[~positive].all()


def test_exact_match_refuses_classes():
    with pytest.raises(TypeError, match="bit a class, got int64"):
        exact_match(np.ones((2, 3), dtype=int), bits("101 000"))
    with pytest.raises(ValueError, match=r"\(1, 3\) and \(2, 3\)"):
        exact_match(bits("101"), bits("101 000"))


def test_cartography_by_hand():
    q = np.array([[0.2], [0.5], [0.9], [0.8]])
    found = cartography(q)

    assert found.confidence[0] == pytest.approx(0.6, abs=1e-12)
    assert found.variability[0] == pytest.approx(0.273861278753, abs=1e-12)
    assert found.closeness[0] == pytest.approx(0.24, abs=1e-12)
    other = cartography(q, include_ci=True).variability[0]
    assert other == pytest.approx(0.277263412660, abs=1e-12)


def test_cartography_refuses_logits_and_a_single_epoch():
    with pytest.raises(ValueError, match="from -1 to 3; take a softmax"):
        cartography(np.array([[-1.0, 3.0]]))
    with pytest.raises(ValueError, match="needs 2 epochs at least, got 1"):
        cartography(np.array([[0.5]]), include_ci=True)


def test_consistency_score_by_hand():
    inside, right = bits("1100 0110 1001 0011"), bits("1110 1110 1011 1111")

    assert consistency_score(right, inside).tolist() == [1, 0.5, 1, 0]
    with pytest.raises(ValueError, match=r"\(1, 4\) and \(4, 4\)"):
        consistency_score(right, inside[:1])


@some
@given(cubes)
def test_consistency_of_what_was_trained_on_is_missing(right):
    runs = right[:, 0]
    inside = np.zeros_like(runs)
    inside[:, 0] = True
    found = consistency_score(runs, inside)

    assert np.isnan(found[0])
    assert found[1:] == pytest.approx(runs.mean(axis=0)[1:])


def test_margin_and_error_by_going_through_images():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(3, 7, 4)), rng.integers(0, 4, 7)
    margins, errors = [], []
    for i, y in enumerate(labels):
        other = [k for k in range(4) if k != y]
        margins.append(np.mean([z[i, y] - max(z[i, other]) for z in logits]))
        probs = softmax(logits[:, i])
        errors.append(np.mean([np.linalg.norm(p - np.eye(4)[y]) for p in probs]))

    assert area_under_margin(logits, labels) == pytest.approx(margins)
    assert el2n(softmax(logits), labels) == pytest.approx(errors)
    with pytest.raises(ValueError, match="got probabilities"):
        area_under_margin(softmax(logits), labels)
    with pytest.raises(ValueError, match="softmax outputs"):
        el2n(logits, labels)


def test_depth_by_hand():
    probes = np.array(
        [[3, 1, 3, 1, 1], [3, 3, 1, 1, 1], [3, 3, 3, 1, 1], [3] * 4 + [1]]
    )

    assert prediction_depth(probes, np.full(5, 3)).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("k", [1, 5, 30])
def test_probe_as_in_scikit_learn(k):
    rng = np.random.default_rng(k)
    source, labels = rng.normal(size=(200, 6)), rng.integers(0, 4, 200)
    features = rng.normal(size=(50, 6))
    other = KNeighborsClassifier(k).fit(source, labels).predict(features)

    assert np.array_equal(neighbour_probe(features, source, labels, k=k), other)


def test_an_image_is_not_among_its_own_neighbours():
    rng = np.random.default_rng(0)
    source, labels = rng.normal(size=(40, 3)), rng.integers(0, 3, 40)
    found = neighbour_probe(source, source, labels, k=5, leave_out=True)
    for i in range(40):
        others = np.delete(np.arange(40), i)
        one = neighbour_probe(source[i : i + 1], source[others], labels[others], k=5)
        assert found[i] == one[0]
    with pytest.raises(ValueError, match="must be from 1 to 39, got 40"):
        neighbour_probe(source, source, labels, k=40, leave_out=True)
    with pytest.raises(ValueError, match="must be the 40 rows"):
        neighbour_probe(source[:3], source, labels, k=1, leave_out=True)

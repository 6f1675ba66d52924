"""Class shares from answers alone: found, told from changed images, or left alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from harness.metrics.numerics.label_shift import (
    CHANCE,
    class_shares,
    rows_with_shares,
)

K = 5


def answers(shares, n, seed, *, clarity=3.0):
    """Logits of a network that sees the class through noise, and the classes."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), n, p=shares)
    logits = rng.normal(size=(n, len(shares)))
    logits[np.arange(n), labels] += clarity
    return logits, labels


EVEN = np.full(K, 1 / K)
UNEVEN = np.array([0.5, 0.3, 0.1, 0.1, 0.0])
SOURCE = answers(EVEN, 1000, 0)


def test_shares_are_found_where_they_alone_have_changed():
    found = class_shares(answers(UNEVEN, 2000, 1)[0], *SOURCE)
    assert found.shares == pytest.approx(UNEVEN, abs=0.04)
    assert found.moved == pytest.approx(np.abs(UNEVEN - EVEN).sum() / 2, abs=0.04)
    assert found.changed
    assert found.alone


def test_images_that_are_harder_are_told_from_other_shares():
    """Their predicted classes move too, where the network leans to some of them."""
    logits, _ = answers(EVEN, 2000, 1, clarity=1.0)
    found = class_shares(logits + np.eye(K)[0], *SOURCE)
    assert found.changed
    assert not found.alone


def test_what_is_as_sure_of_a_wrong_class_cannot_be_told():
    """Every image of the last class is taken for one of the first: as other shares."""
    logits, labels = answers(EVEN, 2000, 1)
    others, _ = answers(np.eye(K)[0], 2000, 2)
    found = class_shares(np.where(labels[:, None] == 4, others, logits), *SOURCE)
    assert found.alone


def test_of_a_hundred_sets_like_the_source_one_seems_to_have_changed():
    found = [class_shares(answers(EVEN, 200, 9 + i)[0], *SOURCE) for i in range(150)]
    assert sum(one.changed for one in found) <= stats.binom.ppf(0.999, 150, CHANCE)


def test_of_a_hundred_sets_of_other_shares_ninety_nine_are_explained():
    """Kolmogorov's distance is for one law; fitted shares leave it no larger."""
    found = [class_shares(answers(UNEVEN, 200, 9 + i)[0], *SOURCE) for i in range(80)]
    assert all(one.changed for one in found)
    lost = sum(not one.alone for one in found)
    assert lost <= stats.binom.ppf(0.999, 80, CHANCE)


def test_shares_are_those_of_an_independent_optimiser():
    logits, _ = answers([0.1, 0.2, 0.7], 60, 3, clarity=1.5)
    source, labels = answers(np.full(3, 1 / 3), 90, 4, clarity=1.5)
    confusion = np.array(
        [
            [np.mean(source[labels == y].argmax(axis=1) == c) for y in range(3)]
            for c in range(3)
        ]
    )
    said = np.bincount(logits.argmax(axis=1), minlength=3)

    def loss(w):
        shares = np.exp(w) / np.exp(w).sum()
        return -said @ np.log(confusion @ shares)

    best = optimize.minimize(loss, np.zeros(3), method="Nelder-Mead").x
    found = class_shares(logits, source, labels)
    assert found.shares == pytest.approx(np.exp(best) / np.exp(best).sum(), abs=2e-3)


def test_probabilities_are_those_of_scipy():
    """Where nothing was reweighted: Pearson's and the limit of Kolmogorov's."""
    source, labels = SOURCE
    logits, _ = answers(EVEN, 300, 5, clarity=2.8)
    found = class_shares(logits, source, labels)
    table = [np.bincount(one.argmax(axis=1), minlength=K) for one in (logits, source)]
    assert found.p_same == pytest.approx(stats.chi2_contingency(table).pvalue)
    same = class_shares(source[:500], source[500:], labels[500:])

    def margins(one):
        top = np.sort(one, axis=1)
        return top[:, -1] - top[:, -2]

    weights = (
        same.shares[labels[500:]] / (np.bincount(labels[500:]) / 500)[labels[500:]]
    )
    assert same.worth == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    at = np.concatenate([margins(source[:500]), margins(source[500:])])
    heights = [
        (margins(source[:500]) <= x).mean()
        - weights[margins(source[500:]) <= x].sum() / weights.sum()
        for x in at
    ]
    n = 500 * same.worth / (500 + same.worth)
    expected = stats.kstwobign.sf(np.sqrt(n) * np.abs(heights).max())
    assert same.p_alone == pytest.approx(expected)


shares_of = st.lists(st.floats(0, 1), min_size=2, max_size=6).filter(
    lambda some: sum(some) > 0.1
)


@given(shares_of, st.integers(20, 200), st.integers(0, 99))
def test_rows_have_the_shares_and_use_every_image_alike(shares, n, seed):
    shares = np.array(shares) / np.sum(shares)
    labels = np.random.default_rng(seed).integers(0, len(shares), n)
    rows = rows_with_shares(labels, shares)
    counts = np.bincount(labels[rows], minlength=len(shares))
    present = np.isin(np.arange(len(shares)), labels)
    assert np.abs(counts / n - shares)[present].max() <= 1.01 / n
    for label in np.flatnonzero(counts):
        used = np.bincount(rows, minlength=n)[labels == label]
        assert used.max() - used.min() <= 1


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="source_logits"):
        class_shares(np.zeros((3, 2)), np.zeros((3, 4)), np.zeros(3, dtype=int))

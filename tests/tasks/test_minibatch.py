"""Minibatch probes: they come to what scikit-learn's solver finds."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from harness.errors import UndefinedMetricError
from harness.metrics.representation.logistic_probe import logistic_probe
from harness.tasks.minibatch import Steps, minibatch_right, trained_probes
from tests.metrics.representation.digits import parts

STRENGTHS = (0.01, 0.1)
QUICK = Steps(count=800)


@pytest.fixture(scope="module")
def probes():
    """Of two strengths at once, on digits."""
    bank, classes, _, _ = parts()
    return trained_probes(bank, classes, strengths=STRENGTHS, steps=QUICK)


def loss(weights, bias, strength, rows, classes):
    """That of the solver."""
    logits = rows @ weights + bias
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    wrong = -log_probs[np.arange(len(rows)), classes].sum()
    return (weights**2).sum() / 2 + strength * wrong


@pytest.mark.parametrize("which", [0, 1])
def test_they_find_the_solver_s_minimum(probes, which):
    """Nearly its loss, and the same answers to nearly all images."""
    bank, classes, images, _ = parts()
    rows = StandardScaler().fit(bank)
    strength = STRENGTHS[which]
    other = LogisticRegression(C=strength, max_iter=2000)
    other.fit(rows.transform(bank), classes)

    ours, least = (
        loss(weights, bias, strength, rows.transform(bank), classes)
        for weights, bias in (
            (probes.weights[which], probes.biases[which]),
            (other.coef_.T, other.intercept_),
        )
    )
    assert ours == pytest.approx(least, rel=0.01)
    same = probes.answers(images, which) == other.predict(rows.transform(images))
    assert same.mean() > 0.99


def test_both_ways_agree_when_they_choose_for_themselves():
    bank, classes, images, labels = parts()

    found = minibatch_right(bank, classes, images, labels, steps=QUICK).mean()
    assert found == pytest.approx(
        logistic_probe(bank, classes, images, labels), abs=0.01
    )


def test_probes_that_are_trained_together_know_nothing_of_each_other(probes):
    bank, classes, _, _ = parts()
    alone = trained_probes(bank, classes, strengths=(STRENGTHS[1],), steps=QUICK)

    assert np.allclose(alone.weights[0], probes.weights[1], atol=1e-3)


def test_a_seed_gives_the_same_bits_and_disturbs_no_generator():
    bank, classes, _, _ = parts()
    quick = Steps(count=5)
    before = torch.get_rng_state()
    one, two = (
        trained_probes(bank, classes, strengths=(0.1,), steps=quick) for _ in range(2)
    )

    assert np.array_equal(one.weights, two.weights)
    assert torch.equal(before, torch.get_rng_state())


def test_what_cannot_be_learnt_is_said():
    rows, classes = np.ones((4, 2)), np.zeros(4, dtype=np.int64)
    with pytest.raises(UndefinedMetricError, match="one class alone"):
        trained_probes(rows, classes, strengths=(1.0,))
    with pytest.raises(ValueError, match="`strengths` must be positive and finite"):
        trained_probes(rows, np.array([0, 1, 0, 1]), strengths=(0.0,))

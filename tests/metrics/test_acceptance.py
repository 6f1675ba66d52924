"""Checks that an implementation of the field's metrics should pass, whatever its form.

What stands in the other files of this folder is not repeated here: closed forms of one
size, COT below confidence, planted agreement lines, symmetric invariance.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from harness.arrays import softmax
from harness.metrics.label_free.atc import atc_mc, atc_ne
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.cot import cot
from harness.metrics.label_free.effective_invariance import rotation_invariance
from harness.metrics.label_free.energy import meta_distribution_energy
from harness.metrics.label_free.entropy import entropy
from harness.metrics.label_free.mano import mano
from harness.metrics.label_free.marginal_entropy import marginal_entropy
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.label_free.pretext_prediction import rotation_prediction
from harness.metrics.label_free.softmax_corr import softmax_corr
from harness.metrics.numerics.agreement_line import agreement_line, agreement_matrix
from tests.strategies import worlds

quick = settings(max_examples=40, deadline=None)

sizes = pytest.mark.parametrize(
    ("n", "k"),
    [(1, 2), (1, 10), (3, 2), (3, 10), (4, 4), (40, 10)],
    ids=lambda size: str(size),
)
kinds = pytest.mark.parametrize("kind", ["float32", "float64", "torch float32"])
close = {"rel": 0, "abs": 1e-6}


def of_kind(array: np.ndarray, kind: str) -> np.ndarray:
    """The array as users hold it."""
    if kind.startswith("torch"):
        return torch.from_numpy(array).float().numpy()
    return array.astype(kind)


@kinds
@sizes
def test_uniform_rows(n, k, kind):
    """Equal logits: every closed form at once, single images and two classes too."""
    logits = of_kind(np.full((n, k), 3.0), kind)
    probs = of_kind(np.full((n, k), 1 / k), kind)

    assert average_confidence(logits) == pytest.approx(1 / k, **close)
    assert entropy(logits) == pytest.approx(np.log(k), **close)
    assert marginal_entropy(probs) == pytest.approx(np.log(k), **close)
    assert mano(logits, normalisation="softmax") == pytest.approx(1 / k, **close)
    assert mano(logits) == pytest.approx(1 / k, **close)
    assert softmax_corr(probs) == pytest.approx(k**-0.5, **close)
    assert meta_distribution_energy(logits) == pytest.approx(np.log(n), **close)
    # 1/k where n >= k: one singular value, over the root of the number of them.
    assert nuclear_norm(probs) == pytest.approx((k * min(n, k)) ** -0.5, **close)


@kinds
@sizes
def test_rows_of_one_sure_class(n, k, kind):
    """The same one-hot for every image."""
    logits = of_kind(1e4 * np.eye(k)[np.zeros(n, dtype=int)], kind)
    probs = of_kind(np.eye(k)[np.zeros(n, dtype=int)], kind)

    assert average_confidence(logits) == pytest.approx(1, **close)
    assert entropy(logits) == pytest.approx(0, **close)
    assert marginal_entropy(probs) == pytest.approx(0, **close)
    assert mano(logits) == pytest.approx(k**-0.25, **close)
    assert softmax_corr(probs) == pytest.approx(k**-0.5, **close)
    assert meta_distribution_energy(logits) == pytest.approx(np.log(n), **close)
    assert nuclear_norm(probs) == pytest.approx(min(n, k) ** -0.5, **close)


@kinds
@pytest.mark.parametrize(("n", "k"), [(2, 2), (3, 10), (4, 4), (40, 10)])
def test_sure_rows_over_all_classes_evenly(n, k, kind):
    """As many of each class; with fewer images than classes, no class twice."""
    classes = np.arange(n) % k
    logits = of_kind(1e4 * np.eye(k)[classes], kind)
    probs = of_kind(np.eye(k)[classes], kind)
    used = min(n, k)

    assert nuclear_norm(probs) == pytest.approx(1, **close)
    assert mano(logits) == pytest.approx(k**-0.25, **close)
    assert softmax_corr(probs) == pytest.approx((used / k) ** 0.5, **close)
    assert marginal_entropy(probs) == pytest.approx(np.log(used), **close)
    assert cot(logits, classes) == pytest.approx(1, **close)


@quick
@given(world=worlds())
def test_every_image_twice_scales_singular_values_by_the_root_of_two(world):
    """So the norm divided by n falls with the set, and divided by its root does not."""
    probs = softmax(np.tile(world.logits, (world.logits.shape[1], 1)))  # n >= k
    twice = np.concatenate([probs, probs])
    n, k = probs.shape
    norm, norm_of_twice = (np.linalg.norm(rows, "nuc") for rows in (probs, twice))

    assert norm_of_twice == pytest.approx(np.sqrt(2) * norm)
    assert nuclear_norm(twice) == pytest.approx(nuclear_norm(probs))
    by_n = norm / (n * np.sqrt(k))
    assert norm_of_twice / (2 * n * np.sqrt(k)) == pytest.approx(by_n / np.sqrt(2))


@pytest.mark.parametrize("atc", [atc_mc, atc_ne])
@pytest.mark.parametrize("k", [2, 10])
@pytest.mark.parametrize("seed", range(3))
def test_atc_of_its_own_source_without_ties_is_the_source_accuracy(atc, k, seed):
    """To an image; other images of the same kind give it to the sampling error."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2000, k)) * 3
    chances = softmax(logits).cumsum(axis=1)
    labels = (rng.random((2000, 1)) > chances[:, :-1]).sum(axis=1)
    accuracy = (logits.argmax(axis=1) == labels).mean()

    assert atc(logits, logits, labels) == pytest.approx(accuracy, abs=1 / 2000)
    half = atc(logits[:1000], logits[1000:], labels[1000:])
    assert half == pytest.approx(accuracy, abs=0.06)


@quick
@given(world=worlds())
def test_invariance_to_identical_views_is_average_confidence(world):
    """And it is at most the mean of the confidences in any view."""
    probs = softmax(world.logits)
    confidence = average_confidence(world.logits)
    assert rotation_invariance(probs, probs[None]) == pytest.approx(confidence)

    views = softmax(world.view_logits)
    bound = (confidence + views.max(axis=2).mean()) / 2
    assert rotation_invariance(probs, views) <= bound + 1e-12


def test_rotation_head_of_random_networks_is_at_chance():
    """Untrained two-layer networks and heads, on four turns of random pictures."""
    rng = np.random.default_rng(0)
    pictures = rng.random((100, 8, 8))
    turned = [np.rot90(pictures, turns, axes=(1, 2)) for turns in range(4)]
    found = []
    for _ in range(200):
        first, head = rng.normal(size=(64, 16)), rng.normal(size=(16, 4))
        found.append(
            rotation_prediction(
                np.stack(
                    [np.tanh(v.reshape(100, 64) - 0.5) @ first @ head for v in turned]
                )
            )
        )
    assert np.mean(found) == pytest.approx(0.25, abs=0.01)
    assert max(abs(f - 0.25) for f in found) < 0.15


def test_models_of_two_kinds_pooled_have_no_agreement_line():
    """Each kind has one: its R² is the label-free sign that pooling was wrong."""
    rng = np.random.default_rng(0)
    n = 20_000
    labels = rng.integers(0, 10, n)

    def answers(skills: np.ndarray, hardness: np.ndarray) -> np.ndarray:
        """(m, n) classes: right where skill outweighs hardness, else at random."""
        noise = rng.normal(size=(len(skills), n))
        right = skills[:, None] > (hardness + noise) / np.sqrt(2)
        return np.where(right, labels, rng.integers(0, 10, (len(skills), n)))

    skills = np.linspace(-0.3, 1.2, 8)
    source = answers(np.concatenate([skills, skills]), rng.normal(size=n))
    # The first kind loses much on the target, the second nothing.
    shifted = np.concatenate([0.7 * skills - 0.8, skills])
    target = answers(shifted, rng.normal(size=n))

    def line(models: slice) -> float:
        agreed = (agreement_matrix(said[models]) for said in (source, target))
        return agreement_line(*agreed).r_squared

    assert line(slice(0, 8)) > 0.95
    assert line(slice(8, 16)) > 0.95
    assert line(slice(0, 16)) < 0.8

"""Transport to labels: the whole program and the assignment problem agree."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from harness.arrays import softmax
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.cot import cot, cott
from harness.metrics.numerics import transport
from harness.metrics.numerics.transport import label_transport
from tests.strategies import simulated_world, worlds

quick = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def whole_program(costs: np.ndarray, marginal: np.ndarray) -> float:
    """The smallest cost with every label of every image a variable."""
    n, k = costs.shape
    images = np.kron(np.eye(n), np.ones((1, k)))
    labels = np.kron(np.ones((1, n)), np.eye(k))
    found = linprog(
        costs.ravel(),
        A_eq=np.vstack([images, labels]),
        b_eq=np.concatenate([np.full(n, 1 / n), marginal]),
    )
    return found.fun


def random_problem(seed: int, n: int, k: int, scale: float):
    rng = np.random.default_rng(seed)
    labels = rng.choice(k, n, p=rng.dirichlet(np.ones(k)))
    logits = scale * (rng.normal(size=(n, k)) + 2 * np.eye(k)[labels])
    return 1 - softmax(logits), np.bincount(rng.integers(0, k, n), minlength=k) / n


@quick
@given(seed=seeds, n=st.integers(1, 30), k=st.integers(2, 6), scale=st.floats(0.1, 30))
def test_pricing_finds_the_optimum_of_the_whole_program(seed, n, k, scale):
    costs, marginal = random_problem(seed, n, k, scale)
    found = label_transport(costs, marginal)
    assert found.cost == pytest.approx(whole_program(costs, marginal), abs=1e-7)
    assert found.image_costs.mean() == pytest.approx(found.cost, abs=1e-12)
    assert (found.image_costs >= costs.min(axis=1) - 1e-12).all()


@pytest.mark.parametrize("scale", [0.3, 3.0, 30.0])
def test_transport_is_an_assignment_where_shares_are_whole_images(scale):
    costs, marginal = random_problem(0, 200, 10, scale)
    labels = np.repeat(np.arange(10), np.rint(200 * marginal).astype(int))
    rows, columns = linear_sum_assignment(costs[:, labels])
    expected = costs[rows, labels[columns]].mean()
    assert label_transport(costs, marginal).cost == pytest.approx(expected, abs=1e-8)


def test_pricing_mends_any_prices_to_begin_with(monkeypatch):
    """Prices of nothing leave labels out; they are brought in as they are missed."""
    costs, marginal = random_problem(1, 60, 12, 3.0)
    expected = label_transport(costs, marginal).cost
    for name, value in (("FIRST_NEARLY", 0.0), ("NEARLY", 0.0)):
        monkeypatch.setattr(f"harness.metrics.numerics.transport.{name}", value)
    monkeypatch.setattr(
        "harness.metrics.numerics.transport._smoothed_prices",
        lambda costs, _: 0 * costs[0],
    )
    found = label_transport(costs, marginal).cost
    assert found == pytest.approx(expected, abs=1e-8)


@quick
@given(seed=seeds, n=st.integers(1, 30), k=st.integers(2, 4))
def test_equal_images_are_served_whole_one_after_the_other(seed, n, k):
    """Not each by the same mixture of labels: thresholds look at single images."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, k, n)
    costs = np.ones((n, k))
    costs[:, 0] = 0.0
    found = label_transport(costs, np.bincount(labels, minlength=k) / n)
    assert (np.diff(found.image_costs) >= -1e-9).all()  # cheaper labels first
    whole = np.round(found.image_costs)
    np.testing.assert_allclose(found.image_costs, whole, atol=1e-9)
    assert whole.sum() == (labels != 0).sum()


@quick
@given(world=worlds())
def test_cot_is_never_above_average_confidence(world):
    for temperature in (0.5, 1.0, 3.0):
        estimate = cot(world.logits, world.source_labels, temperature=temperature)
        confidence = average_confidence(world.logits, temperature=temperature)
        assert estimate <= confidence + 1e-9


def test_cot_closed_forms():
    k = 5
    balanced = np.arange(k)
    assert cot(1e4 * np.eye(k), balanced) == pytest.approx(1)
    assert cot(np.zeros((3, k)), balanced) == pytest.approx(1 / k)
    assert cot(1e4 * np.eye(k)[np.zeros(7, dtype=int)], balanced) == pytest.approx(
        1 / k
    )


def test_cot_weighs_labels_by_their_share_not_their_number():
    logits = simulated_world(0.5, n=30).logits
    labels = np.array([0, 1, 1, 2, 3, 4])
    assert cot(logits, np.tile(labels, 7)) == pytest.approx(cot(logits, labels))


def test_cott_is_the_source_accuracy_on_the_source():
    world = simulated_world(0.5)
    accuracy = (world.source_logits.argmax(axis=1) == world.source_labels).mean()
    estimate = cott(world.source_logits, world.source_logits, world.source_labels)
    assert estimate == pytest.approx(accuracy, abs=1 / len(world.source_labels))


def test_cott_by_the_assignment():
    world = simulated_world(0.4, n=100)
    labels = world.source_labels

    def costs(logits: np.ndarray) -> np.ndarray:
        probs = softmax(logits)
        rows, columns = linear_sum_assignment(1 - probs[:, labels])
        return (1 - probs)[rows, labels[columns]]

    right = (world.source_logits.argmax(axis=1) == labels).sum()
    threshold = np.sort(costs(world.source_logits))[right - 1]
    expected = (costs(world.logits) <= threshold + 1e-12).mean()
    assert cott(world.logits, world.source_logits, labels) == pytest.approx(expected)


def test_a_collapsed_and_saturated_model_is_solved_in_small_programs(monkeypatch):
    """Nearly every image is tied: to stay costs 0, to move costs 1."""
    rng = np.random.default_rng(0)
    logits = 20 * rng.normal(size=(1000, 10))
    logits[:, 0] += 40
    sizes = []
    solve = transport._grouped_program

    def spy(*arguments):
        solution = solve(*arguments)
        sizes.append(len(solution.flows))
        return solution

    monkeypatch.setattr(transport, "_grouped_program", spy)
    estimate = cot(logits, np.arange(10))
    costs = 1 - softmax(logits)[:, np.arange(1000) % 10]
    rows, columns = linear_sum_assignment(costs)
    assert estimate == pytest.approx(1 - costs[rows, columns].mean(), abs=1e-8)
    assert max(sizes) < 1000  # of 10,000 labels of images


def test_two_metrics_of_two_targets_need_three_transports(monkeypatch):
    """Each target's once for both metrics, and the source's once for all targets."""
    calls = []

    def counted(costs, marginal):
        calls.append(1)
        return label_transport(costs, marginal)

    monkeypatch.setattr("harness.metrics.label_free.cot.label_transport", counted)
    world = simulated_world(0.31, n=60)
    for scale in (1.0, 0.5):
        logits = scale * world.logits
        cot(logits, world.source_labels)
        cott(logits, world.source_logits, world.source_labels)
    assert len(calls) == 3

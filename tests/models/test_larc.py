"""LARC: worked steps, and what they do not hang on."""

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.models.larc import EPS, TRUST, Larc


def stepped(weights, gradients, **options):
    """The weights after a step along each of the gradients."""
    parameter = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float64))
    options = {"lr": 2.0, "momentum": 0.0, "weight_decay": 0.0, **options}
    optimiser = Larc([parameter], **options)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        optimiser.step()
    return parameter.detach().numpy()


def test_a_step_is_a_thousandth_of_the_weights_times_the_rate():
    """|w| = 5 and |g| = 10: scaled by .001 * 5 / 10, then the rate of 2."""
    found = stepped([3.0, 4.0], [[6.0, -8.0]])

    assert found == pytest.approx([3 - 0.006, 4 + 0.008], abs=1e-9)


def test_decay_is_in_the_length_and_in_the_direction():
    """d = .4: s = .005 / (10 + 2), of (6, -8) + .4 (3, 4) = (7.2, -6.4)."""
    found = stepped([3.0, 4.0], [[6.0, -8.0]], weight_decay=0.4)

    s = TRUST * 5 / 12
    assert found == pytest.approx([3 - 2 * s * 7.2, 4 + 2 * s * 6.4], abs=1e-9)


def test_what_is_scaled_goes_into_the_momentum():
    rng = np.random.default_rng(0)
    w, gradients = rng.normal(size=4), rng.normal(size=(5, 4))
    found = stepped(w, gradients, momentum=0.9, weight_decay=0.1, lr=0.5)

    v = np.zeros(4)
    for g in gradients:
        size, slope = np.linalg.norm(w), np.linalg.norm(g)
        v = 0.9 * v + TRUST * size / (slope + 0.1 * size + EPS) * (g + 0.1 * w)
        w = w - 0.5 * v
    assert found == pytest.approx(w, rel=1e-12)


def test_where_weights_or_gradients_are_0_it_is_plain_descent():
    """So biases, which begin at 0, can leave it; decay has no say."""
    assert stepped([0.0, 0.0], [[1.0, -2.0]]) == pytest.approx([-2.0, 4.0])
    assert stepped([3.0, 4.0], [[0.0, 0.0]], weight_decay=0.5).tolist() == [3.0, 4.0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), by=st.floats(1e-3, 1e3))
def test_the_gradients_scale_does_not_matter(seed, by):
    rng = np.random.default_rng(seed)
    w, g = rng.normal(size=6), rng.normal(size=6)

    assert stepped(w, [by * g]) == pytest.approx(stepped(w, [g]), rel=1e-6, abs=1e-7)

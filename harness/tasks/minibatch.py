"""Minibatch probes: logistic regressions on features that are too many for a solver.

The minimum is that of `harness.metrics.representation.logistic_probe`; it is come near
to, and not reached, so that the numbers have a name of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.errors import UndefinedMetricError
from harness.metrics.representation.bank import check_bank, held_out_rows
from harness.metrics.representation.linear_probe import HELD_OUT, check_penalties
from harness.metrics.representation.logistic_probe import STRENGTHS
from harness.metrics.representation.standardised import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """How probes are trained: Adam, from 0, with a learning rate that falls to 0.

    Attributes
    ----------
    count, batch_size
        Steps, and images of each. Of a small bank as of a large one: it takes steps to
        come near a minimum, and not passes.
    learning_rate
        Of the first step; it falls as half a cosine.
    seed
        Of the order of images.
    device
        Of torch.
    """

    count: int = 3000
    batch_size: int = 512
    learning_rate: float = 1e-2
    seed: int = 0
    device: str = "cpu"


STEPS = Steps()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Several linear classifiers on the same features, one a strength.

    Attributes
    ----------
    classes
        (c,) those of the bank, in order.
    weights, biases
        (s, d, c) and (s, c) float32.
    scale
        Of the features.
    """

    classes: Classes
    weights: NDArray[np.float32]
    biases: NDArray[np.float32]
    scale: Scale

    def answers(self, features: Array, which: int) -> Classes:
        """(n,) classes by one of them, of ties the lowest."""
        found = np.empty(len(features), dtype=np.int64)
        for part, block in self.scale.rows(features):
            scores = block @ self.weights[which] + self.biases[which]
            found[part] = self.classes[scores.argmax(axis=1)]
        return found


def trained_probes(
    features: Array,
    labels: Classes,
    *,
    strengths: Sequence[float],
    standardise: bool = True,
    steps: Steps = STEPS,
) -> Probes:
    r"""Train a probe for each strength, all at once: every batch is read once.

    .. math:: \frac{1}{2Cm} \|W\|_F^2 - \frac1m \sum_j
        \log \mathrm{softmax}(W^\top x_j + b)_{y_j}

    is made small for each C, which is the loss of the solver divided by C m.

    Parameters
    ----------
    features, labels : (m, d), (m,) arrays
        The bank.
    strengths
        C of each probe.
    standardise
        Whether features are brought to mean 0 and deviation 1.
    steps
        How.

    Returns
    -------
    Probes
        The same from the same seed on one machine; the global random state is as it
        was before.

    Raises
    ------
    UndefinedMetricError
        If the bank has one class alone.
    ValueError
        If a strength is none, or weights are not finite.
    """
    import torch

    check_penalties(strengths, name="strengths")
    classes, numbers = np.unique(labels, return_inverse=True)
    if len(classes) == 1:
        raise UndefinedMetricError("the bank has one class alone")
    m, d = features.shape
    scale = Scale.of(features, standardise=standardise)
    mean, deviation = (
        torch.tensor(part, dtype=torch.float32, device=steps.device)
        for part in (scale.mean, scale.deviation)
    )
    probes = len(strengths)
    weights = torch.zeros(probes, d, len(classes), device=steps.device)
    biases = torch.zeros(probes, 1, len(classes), device=steps.device)
    decay = 1 / (torch.tensor(strengths, device=steps.device)[:, None, None] * m)
    learnt = [weights.requires_grad_(), biases.requires_grad_()]
    optimiser = torch.optim.Adam(learnt, lr=steps.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps.count)
    truth = torch.from_numpy(numbers.astype(np.int64)).to(steps.device)
    for rows in _batches(m, steps):
        block = torch.from_numpy(np.asarray(features[rows], dtype=np.float32))
        block = (block.to(steps.device) - mean) / deviation
        logits = torch.matmul(block, weights) + biases
        wanted = truth[torch.from_numpy(rows).to(steps.device)].repeat(probes)
        # A mean over images, and a sum over probes, which know nothing of another.
        wrong = torch.nn.functional.cross_entropy(
            logits.reshape(-1, len(classes)), wanted, reduction="sum"
        )
        loss = wrong / len(rows) + (decay * weights**2).sum() / 2
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
    if not all(bool(torch.isfinite(part).all()) for part in learnt):
        raise ValueError("the probes' weights are not finite; lower the learning rate")
    return Probes(
        classes=classes,
        weights=weights.detach().cpu().numpy(),
        biases=biases.detach()[:, 0].cpu().numpy(),
        scale=scale,
    )


def _batches(m: int, steps: Steps) -> Iterator[NDArray[np.int64]]:
    """Rows of each step: all of the bank before any again."""
    rng = np.random.default_rng(steps.seed)
    made = 0
    while made < steps.count:
        order = rng.permutation(m)
        for start in range(0, m, steps.batch_size):
            if made < steps.count:
                made += 1
                yield order[start : start + steps.batch_size]


def minibatch_right(
    train_features: Array,
    train_labels: Classes,
    features: Array,
    labels: Classes,
    *,
    strengths: Sequence[float] = STRENGTHS,
    held_out: float = HELD_OUT,
    seed: int = 0,
    steps: Steps = STEPS,
) -> NDArray[np.bool_]:
    """(n,) which images a probe is right on, its strength chosen in the bank alone.

    Parameters
    ----------
    train_features, train_labels, features, labels
        The bank, and the images with their classes, as of `logistic_probe`.
    strengths, held_out, seed
        As of `logistic_probe`: probes of all strengths are trained at once on a part of
        the bank, and the one that is right most often on the rest, of ties the least,
        is trained again on all of it.
    steps
        How.

    Raises
    ------
    TypeError, ValueError, UndefinedMetricError
        As of `logistic_probe`.
    """
    check_bank(train_features, train_labels, features, labels)
    strength = strengths[0]
    if len(strengths) > 1:
        learnt, held = held_out_rows(train_labels, held_out, seed)
        tried = trained_probes(
            train_features[learnt],
            train_labels[learnt],
            strengths=strengths,
            steps=steps,
        )
        trial, truth = train_features[held], train_labels[held]
        right = {
            one: float((tried.answers(trial, which) == truth).mean())
            for which, one in enumerate(strengths)
        }
        strength = max(strengths, key=lambda one: (right[one], -one))
    probe = trained_probes(
        train_features, train_labels, strengths=(strength,), steps=steps
    )
    return np.asarray(probe.answers(features, 0) == labels)

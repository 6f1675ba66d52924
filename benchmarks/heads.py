"""Projection norms of several targets against the same training left to itself.

    python -m benchmarks.heads
    python -m benchmarks.heads --images 2000 --features 64 512 --targets 2

The plain way trains the heads of source and target anew for each target, with scipy's
L-BFGS from zero and the threads that numpy and scipy take by themselves; "one thread"
is the same with one for scipy's BLAS. Features are drawn, a Gaussian for each class;
each target is noisier than the one before.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from harness.arrays import Array, Classes
from harness.metrics.label_free.projection_norm import projection_norm
from harness.metrics.numerics.minimum import scipys_blas

RIDGE = 1e-3


def main() -> None:
    """Interleave the ways and print their ratios, three lines for each width."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--features", type=int, nargs="+", default=[32, 128, 512, 2048])
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--targets", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    n, k = arguments.images, arguments.classes
    print(f"{n} images, {k} classes, {arguments.targets} targets of one source")
    for d in arguments.features:
        seconds: dict[str, list[float]] = {name: [] for name in WAYS}
        apart = 0.0
        for repeat in range(arguments.repeats):
            rng = np.random.default_rng(repeat)
            centres = rng.normal(size=(k, d))
            source = drawn(rng, centres, n, noise=2.0)
            noises = np.linspace(2.0, 6.0, arguments.targets)
            targets = [drawn(rng, centres, n, noise) for noise in noises]
            found = {}
            for name, way in WAYS.items():
                start = time.perf_counter()
                found[name] = np.array([way(*target, *source) for target in targets])
                seconds[name].append(time.perf_counter() - start)
            off = np.abs(found["harness"] / found["plain"] - 1)
            apart = max(apart, float(off.max()))
        for name in WAYS:
            pairs = zip(seconds["plain"], seconds[name], strict=True)
            ratios = [plain / own for plain, own in pairs]
            print(
                f"{d:5} features, {name:10} {statistics.median(seconds[name]):7.3f} s  "
                f"{statistics.median(ratios):5.1f}x "
                f"({min(ratios):.1f} to {max(ratios):.1f})",
                flush=True,
            )
        print(f"{'':15} values differ by {apart:.0e} of themselves", flush=True)


def drawn(
    rng: np.random.Generator, centres: Array, n: int, noise: float
) -> tuple[Array, Classes]:
    """(n, d) features around their class's centre, and the (n,) classes."""
    labels = rng.integers(len(centres), size=n)
    return centres[labels] + noise * rng.normal(size=(n, centres.shape[1])), labels


def plain_way(
    features: Array, predicted: Classes, source: Array, labels: Classes
) -> float:
    """The projection norm as its formula is written."""
    scale = np.sqrt((source**2).sum() / len(source))
    k = int(max(predicted.max(), labels.max())) + 1
    moved = head(features / scale, predicted, k) - head(source / scale, labels, k)
    return float(np.linalg.norm(moved))


def head(features: Array, labels: Classes, k: int) -> Array:
    """(d + 1, k) weights and biases of ridge logistic regression."""
    n = len(features)
    inputs = np.hstack([features, np.ones((n, 1))])
    truth = np.eye(k)[labels]

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(-1, k)
        log_probs = log_softmax(inputs @ weights, axis=1)
        value = -(truth * log_probs).sum() / n + RIDGE / 2 * (flat @ flat)
        slope = inputs.T @ (np.exp(log_probs) - truth) / n + RIDGE * weights
        return value, slope.ravel()

    start = np.zeros(inputs.shape[1] * k)
    options = {"maxiter": 2000, "gtol": 1e-9, "ftol": 1e-15}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x.reshape(-1, k))


def one_thread(*arrays: Array) -> float:
    """The same, with one thread for the BLAS of scipy."""
    with scipys_blas().limit(limits=1):
        return plain_way(*arrays)


WAYS: dict[str, Callable[..., float]] = {
    "plain": plain_way,
    "one thread": one_thread,
    "harness": projection_norm,
}


if __name__ == "__main__":
    main()

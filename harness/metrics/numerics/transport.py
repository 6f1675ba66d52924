"""Transport: the cheapest way to give every image a label when the shares are known.

A linear program with a variable for every label of every image, nearly all of which are
0 at the optimum and can be told beforehand. A smoothed dual gives rough prices of the
labels. Then, in rounds of finer and finer grain, only labels that are nearly the
cheapest at the last prices enter a program; images with the same choice are one row of
it; where its exact prices show that labels are missing, more are added until none is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, log_sum_exp
from harness.metrics.numerics.minimum import minimum

# Widths of the smoothing, in units of cost.
WIDTHS = (0.1, 0.02, 0.005)
# Costs are rounded to multiples of these, in turn; the last bounds the error.
GRAINS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
# Labels dearer than the cheapest by more than this start outside: in the first round as
# far as smoothed prices may be wrong, then so many grains of the round before.
FIRST_NEARLY = 0.03
NEARLY = 4
# Shares of an image below this are rounding of the program.
ROUNDING = 1e-6
# Dearer than any label: what is served by no chosen label.
UNSERVED = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """A cheapest assignment of labels to images.

    Attributes
    ----------
    cost
        Mean cost per image, right to 1e-8.
    image_costs
        (n,) cost of every image, the mean over its labels where it is split. Where
        several assignments are the cheapest this is one of them.
    """

    cost: float
    image_costs: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solution:
    """Of a program over groups of images: how many of each group get which label."""

    group_of: NDArray[np.intp]  # (n,)
    flow_groups: NDArray[np.intp]
    flow_labels: NDArray[np.intp]
    flow_costs: Array
    flows: Array
    worth: Array  # of an image of each group
    prices: Array  # of labels


def label_transport(costs: Array, marginal: Array) -> Transport:
    """Assign labels in given shares to images at the smallest total cost.

    Parameters
    ----------
    costs : (n, k) array
        Of each label for each image, in [0, 1].
    marginal : (k,) array
        Share of each label, summing to 1. An image may be split between labels.

    Examples
    --------
    >>> costs = np.array([[0.1, 0.9], [0.4, 0.6]])
    >>> found = label_transport(costs, np.array([0.5, 0.5]))
    >>> round(found.cost, 6), found.image_costs.round(6).tolist()
    (0.35, [0.1, 0.6])
    >>> round(label_transport(costs, np.array([0.25, 0.75])).cost, 6)  # half an image
    0.55
    """
    prices = _smoothed_prices(costs, marginal)
    near = FIRST_NEARLY
    for grain in GRAINS:
        rounded = np.round(costs / grain)
        solution = _priced(rounded, marginal, prices / grain, near / grain, grain)
        prices, near = solution.prices * grain, NEARLY * grain
    image_costs = _image_costs(costs, solution)
    return Transport(cost=float(image_costs.mean()), image_costs=image_costs)


def _smoothed_prices(costs: Array, marginal: Array) -> Array:
    """(k,) prices that nearly maximise the dual, its minima replaced by soft ones."""
    prices = np.zeros(costs.shape[1])
    for width in WIDTHS:

        def dual(prices: Array, width: float = width) -> tuple[float, Array]:
            scores = (prices - costs) / width
            total = log_sum_exp(scores)
            shares = np.exp(scores - total[:, None]).mean(axis=0)
            value = width * total.mean() - marginal @ prices
            return float(value), shares - marginal

        prices = minimum(dual, prices, maxiter=30)
    return prices


def _priced(
    costs: Array, marginal: Array, prices: Array, near: float, grain: float
) -> _Solution:
    """Optimum over all labels, for costs and prices in whole grains."""
    chosen = _nearly_cheapest(costs - prices, near)
    while True:
        cheapest = np.where(chosen, costs, np.inf).min(axis=1, keepdims=True)
        solution = _grouped_program(costs - cheapest, chosen, marginal, grain)
        reduced = costs - cheapest - solution.prices
        worth = solution.worth[solution.group_of][:, None]
        missing = (reduced < worth - 1e-3) & ~chosen  # a thousandth of a grain
        if not missing.any():
            return solution
        # The cheapest label of an image that misses one is itself missing.
        chosen |= _nearly_cheapest(reduced, near)


def _nearly_cheapest(reduced: Array, near: float) -> NDArray[np.bool_]:
    return np.asarray(reduced <= reduced.min(axis=1, keepdims=True) + near)


def _grouped_program(
    costs: Array, chosen: NDArray[np.bool_], marginal: Array, grain: float
) -> _Solution:
    """Optimum over the chosen labels; images whose choices cost the same are one."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    rows, group_of = _groups(np.where(chosen, costs, -1.0))
    sizes = np.bincount(group_of)
    groups, labels = np.nonzero(rows >= 0)
    g, k = rows.shape
    pool = g + k  # takes what no chosen label serves
    tails = np.concatenate([groups, np.arange(g), g + np.arange(k)])
    heads = np.concatenate([g + labels, np.full(g, pool), np.full(k, pool)])
    signs = np.repeat([1.0, 1.0, -1.0], [len(groups), g, k])  # the pool feeds labels
    edges = np.arange(len(tails))
    balance = coo_array(  # which linprog wants
        (
            np.concatenate([np.ones(len(edges)), signs]),
            (np.concatenate([tails, heads]), np.concatenate([edges, edges])),
        ),
        shape=(pool + 1, len(edges)),
    )
    price = np.concatenate(
        [rows[groups, labels], np.full(g, UNSERVED / grain), np.zeros(k)]
    )
    supply = np.concatenate([sizes, len(costs) * marginal, [0.0]])
    found = linprog(price, A_eq=balance, b_eq=supply, method="highs")
    if found.status != 0:
        raise RuntimeError(f"the transport program was not solved: {found.message}")
    duals = found.eqlin.marginals
    return _Solution(
        group_of=group_of,
        flow_groups=groups,
        flow_labels=labels,
        flow_costs=rows[groups, labels],
        flows=found.x[: len(groups)],
        worth=duals[:g],
        prices=duals[g:pool],
    )


def _groups(keys: Array) -> tuple[Array, NDArray[np.intp]]:
    """Distinct rows, and which of them each row is.

    Rows with one choice are most of them and are told apart by it alone: sorting only
    the others is what makes a thousand classes bearable.
    """
    n, k = keys.shape
    choices = keys >= 0
    single = choices.sum(axis=1) == 1
    labels, first = np.unique(choices[single].argmax(axis=1), return_inverse=True)
    several, other = np.unique(keys[~single], axis=0, return_inverse=True)
    group_of = np.empty(n, dtype=np.intp)
    group_of[single] = first
    group_of[~single] = len(labels) + other
    alone = np.where(np.arange(k) == labels[:, None], 0.0, -1.0)
    return np.vstack([alone, several]), group_of


def _image_costs(costs: Array, solution: _Solution) -> Array:
    """(n,) costs, the images of each group served in order, cheaper labels first.

    Images and flows are laid along one line, group by group, an image one unit long;
    where the two layers overlap the image gets that share of the flow's label.
    """
    n = len(costs)
    images = np.argsort(solution.group_of, kind="stable")
    order = np.lexsort((solution.flow_costs, solution.flow_groups))
    ends = np.cumsum(solution.flows[order])
    marks = np.unique(np.concatenate([np.arange(n + 1.0), ends[ends < n]]))
    lengths = np.diff(marks)
    lengths[lengths < ROUNDING] = 0.0
    middles = marks[:-1] + lengths / 2
    image = images[middles.astype(np.intp)]
    flow = order[np.minimum(np.searchsorted(ends, middles), len(order) - 1)]
    total, mass = np.zeros(n), np.zeros(n)
    np.add.at(total, image, lengths * costs[image, solution.flow_labels[flow]])
    np.add.at(mass, image, lengths)
    return np.asarray(total / mass)

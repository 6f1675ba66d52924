"""Matching: which class each cluster stands for, under three rules."""

from collections.abc import Iterator
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from harness.arrays import Array, Classes
from harness.metrics.numerics.contingency import Contingency, contingency
from harness.metrics.numerics.memo import remembered

NO_CLASS = -1


class Rule(StrEnum):
    """How clusters are given classes."""

    ONE_TO_ONE = "one_to_one"
    HYBRID = "hybrid"
    MAJORITY = "majority"


def matched(predicted: Classes, labels: Classes, *, rule: Rule) -> Classes:
    """(n,) the class that each image's cluster stands for; -1 where it is none.

    Parameters
    ----------
    predicted, labels : (n,) integer arrays
        Cluster and class of each image, numbers from 0.
    rule
        ``one_to_one``: the matching of clusters and classes with most images right,
        each at most once; a cluster beyond stands for no class. ``hybrid``: the same,
        and a cluster beyond for the class that most of its images are of.
        ``majority``: every cluster for that class. Of classes with as many, the lowest.

    Raises
    ------
    TypeError, ValueError
        If these are no whole numbers from 0, or not as many, or none.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> clusters = np.array([0, 0, 1, 1, 2, 2])
    >>> matched(clusters, labels, rule=Rule.ONE_TO_ONE).tolist()
    [0, 0, -1, -1, 1, 1]
    >>> matched(clusters, labels, rule=Rule.HYBRID).tolist()
    [0, 0, 0, 0, 1, 1]
    """
    table = contingency(predicted, labels)
    rows = class_of_clusters(table.counts, rule=rule)
    names = np.append(table.classes, NO_CLASS)
    return np.asarray(names[rows][table.predicted])


def class_of_clusters(counts: Classes, *, rule: Rule) -> Classes:
    """(c,) the row that each column of a contingency table is matched to; -1 for none.

    Of several best matchings it is one that leaves most images to the majority classes
    of the clusters beyond: then the share of right images is a function of the
    partitions, whatever their numbers. In whole numbers the counts weigh more than all
    of that.

    References
    ----------
    The rule of Self-Classifier (Amrani et al. 2022, arXiv:2103.10994) and SCAN
    (Van Gansbeke et al. 2020, arXiv:2005.12320), whose code takes any best matching.
    """
    most = counts.argmax(axis=0)
    if rule is Rule.MAJORITY:
        return np.asarray(most)
    rows, columns = _best(counts)
    found = np.full(counts.shape[1], NO_CLASS)
    found[columns] = rows
    if rule is Rule.HYBRID:
        found = np.where(found == NO_CLASS, most, found)
    return found


def _best(counts: Classes) -> tuple[Classes, Classes]:
    """Rows and columns of a best matching."""
    from scipy.optimize import linear_sum_assignment

    weights = counts * (counts.sum() + 1) - counts.max(axis=0)
    rows, columns = linear_sum_assignment(weights, maximize=True)
    return rows, columns


def right(predicted: Classes, labels: Classes, *, rule: Rule) -> NDArray[np.bool_]:
    """(n,) whether each image's cluster stands for its class."""
    return np.asarray(matched(predicted, labels, rule=rule) == labels)


PERMUTATIONS = 20


def permuted_share(predicted: Classes, labels: Classes, *, rule: Rule) -> float:
    """Mean share of right images when clusters are dealt to images at random.

    Of 20 permutations, seeds 0 to 19: sizes of clusters and of classes stay, and each
    is matched anew.
    """
    if rule is Rule.MAJORITY:
        return _permuted_majority(predicted, labels)
    return float(_permuted_matching(predicted, labels)[int(rule is Rule.HYBRID)])


@remembered(4)
def _permuted_matching(predicted: Classes, labels: Classes) -> Array:
    """(2,) by the matching alone, and with the majorities of surplus clusters."""
    table = contingency(predicted, labels)
    hits = np.zeros(2)
    for counts in _permuted(table):
        most = counts.max(axis=0)
        rows, columns = _best(counts)
        matched_ones = counts[rows, columns].sum()
        surplus = most.sum() - most[columns].sum()
        hits += matched_ones, matched_ones + surplus
    return hits / (PERMUTATIONS * table.n)


@remembered(4)
def _permuted_majority(predicted: Classes, labels: Classes) -> float:
    table = contingency(predicted, labels)
    hits = sum(int(counts.max(axis=0).sum()) for counts in _permuted(table))
    return hits / (PERMUTATIONS * table.n)


def _permuted(table: Contingency) -> Iterator[NDArray[np.int64]]:
    """(k, c) counts of each permutation."""
    rows = table.labels * table.counts.shape[1]
    for seed in range(PERMUTATIONS):
        dealt = np.random.default_rng(seed).permutation(table.predicted)
        counts = np.bincount(rows + dealt, minlength=table.counts.size)
        yield counts.reshape(table.counts.shape)


def recall_by_class(
    predicted: Classes, labels: Classes, *, rule: Rule = Rule.HYBRID
) -> Array:
    """(k,) share of each class' images whose cluster stands for it.

    Parameters
    ----------
    predicted, labels : (n,) integer arrays
        Cluster and class of each image, numbers from 0.
    rule
        As of `matched`.

    Returns
    -------
    (k,) array
        Of the classes that occur, in the order of their numbers. 0 for a class that no
        cluster stands for. Their mean is no accuracy where classes differ in size.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> recall_by_class(np.array([0, 0, 1, 1, 2, 2]), labels).round(3).tolist()
    [1.0, 0.667]
    >>> recall_by_class(np.zeros(6, int), labels).tolist()
    [1.0, 0.0]
    """
    table = contingency(predicted, labels)
    of = class_of_clusters(table.counts, rule=rule)
    hits = np.zeros(len(table.classes))
    known = np.flatnonzero(of != NO_CLASS)
    np.add.at(hits, of[known], table.counts[of[known], known])
    return np.asarray(hits / table.class_sizes)

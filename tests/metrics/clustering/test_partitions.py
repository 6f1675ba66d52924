"""Measures of clusters against labels: published edges, seeded and real partitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from harness.metrics import METRICS
from harness.metrics.numerics.contingency import contingency
from harness.metrics.numerics.information import (
    expected_information,
    expected_of_sizes,
    information,
)
from harness.metrics.numerics.matching import Rule, matched, recall_by_class
from tests.metrics.clustering.partitions import (
    EXPECTED,
    FIRST,
    MUTUAL,
    NAMES,
    VALUES,
    partition,
)

BY_NAME = {metric.name: metric for metric in METRICS}
AGAINST_LABELS = [name for name in VALUES if not BY_NAME[name].label_free]
some = settings(max_examples=25, deadline=None)
ACCS = ("acc_one_to_one", "acc_hybrid", "acc_majority")


def value(name, predicted, labels):
    """Of a measure, whether it asks for labels or not."""
    metric = BY_NAME[name]
    arrays = (predicted,) if metric.label_free else (predicted, labels)
    return metric(*arrays)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_seeded_partitions(name, place):
    t, p = partition(NAMES[place])

    assert t[:8].tolist() == FIRST[NAMES[place]]
    assert value(name, p, t) == pytest.approx(VALUES[name][place], abs=1e-11)


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_information_of_seeded_partitions(place):
    """I, and its mean over all partitions with parts of these sizes."""
    t, p = partition(NAMES[place])
    table = contingency(p, t)

    assert information(table).mutual == pytest.approx(MUTUAL[place], abs=1e-11)
    assert expected_information(table) == pytest.approx(EXPECTED[place], abs=1e-10)


TEN = np.repeat(np.arange(10), 10)
ALONE = np.arange(100)
ZEROS = np.zeros(100, dtype=np.int64)
EDGES = {
    # classes, clusters: NMI, AMI, ARI, homogeneity, completeness, V
    "one cluster": (TEN, ZEROS, (0, 0, 0, 0, 1, 0)),
    "one class": (ZEROS, TEN, (0, 0, 0, 1, 0, 0)),
    "both constant": (ZEROS, ZEROS, (1, 1, 1, 1, 1, 1)),
    "one image": (ZEROS[:1], ZEROS[:1], (1, 1, 1, 1, 1, 1)),
    "singletons": (ALONE, ALONE[::-1].copy(), (1, 1, 1, 1, 1, 1)),
    "split to singletons": (TEN, ALONE, (2 / 3, 0, 0, 1, 0.5, 2 / 3)),
    "0011 0101": (np.r_[0, 0, 1, 1], np.r_[0, 1, 0, 1], (0, -0.5, -0.5, 0, 0, 0)),
    "0011 1100": (np.r_[0, 0, 1, 1], np.r_[1, 1, 0, 0], (1, 1, 1, 1, 1, 1)),
    "000111 001122": (
        np.r_[0, 0, 0, 1, 1, 1],
        np.r_[0, 0, 1, 1, 2, 2],
        *((0.515803742979, 0.298792458171, 8 / 33, 2 / 3, 0.420619835714),),
    ),
}


@pytest.mark.parametrize("case", EDGES)
def test_edges(case):
    classes, clusters, expected = EDGES[case]
    names = ("nmi_arithmetic", "ami", "ari", "homogeneity", "completeness", "v_measure")
    for name, number in zip(names, expected, strict=False):
        assert value(name, clusters, classes) == pytest.approx(number, abs=1e-11), name


def test_the_small_table():
    """[[2, 1, 0], [0, 1, 2]]: information, its mean by chance, and the three rules."""
    classes, clusters, _ = EDGES["000111 001122"]
    table = contingency(clusters, classes)

    assert information(table).mutual == pytest.approx(0.462098120373, abs=1e-12)
    assert expected_information(table) == pytest.approx(0.277258872224, abs=1e-12)
    found = [value(name, clusters, classes) for name in ACCS]
    assert found == pytest.approx([2 / 3, 5 / 6, 5 / 6])


@pytest.mark.parametrize(
    ("n", "expected"), [(50, 0.7410), (100, 2 / 3), (1797, 0.4701)]
)
def test_nmi_of_one_cluster_an_image(n, expected):
    """2 ln K / (ln K + ln n) of K equal classes: it is not 0."""
    k, sizes = 10, np.full(10, n / 10)
    closed = 2 * np.log(k) / (np.log(k) + np.log(n))
    labels = np.arange(n) % k  # equal but for one image, of 1,797

    assert closed == pytest.approx(expected, abs=5e-5)
    assert sizes.sum() == pytest.approx(n)
    assert value("nmi_arithmetic", np.arange(n), labels) == pytest.approx(
        closed, abs=1e-6
    )


def many(draw_n=24, k=5):
    """Two partitions of as many images."""
    return st.integers(1, draw_n).flatmap(
        lambda n: st.tuples(
            *[st.lists(st.integers(0, k), min_size=n, max_size=n).map(np.array)] * 2
        )
    )


@some
@given(two=many())
def test_as_in_scikit_learn(two):
    """Six measures, on partitions of all kinds, down to one image."""
    t, p = two
    averages = ("arithmetic", "geometric", "min", "max")
    expected = {
        f"nmi_{a}": reference.normalized_mutual_info_score(t, p, average_method=a)
        for a in averages
    }
    expected |= {
        "ami": reference.adjusted_mutual_info_score(t, p),
        "ari": reference.adjusted_rand_score(t, p),
        "homogeneity": reference.homogeneity_score(t, p),
        "completeness": reference.completeness_score(t, p),
        "v_measure": reference.v_measure_score(t, p),
    }
    if expected["ari"] == 1:  # scikit-learn 1.5 says 0 where each image is a cluster
        expected["ami"] = 1
    for name, number in expected.items():
        assert value(name, p, t) == pytest.approx(number, abs=1e-9), name


@some
@given(two=many(k=4), seed=st.integers(0, 2**32 - 1))
def test_numbers_of_clusters_and_classes_mean_nothing(two, seed):
    """Each is renamed by itself, and no order of rows or columns decides a tie."""
    t, p = two
    rng = np.random.default_rng(seed)
    others = rng.permutation(40)[p], rng.permutation(40)[t]
    for name in AGAINST_LABELS:
        assert value(name, *others) == pytest.approx(value(name, p, t), abs=1e-9), name


@some
@given(two=many())
def test_the_rules_are_ordered(two):
    """One to one, hybrid, majority; the first two are one without surplus clusters."""
    t, p = two
    strict, hybrid, majority = (value(name, p, t) for name in ACCS)

    assert strict <= hybrid <= majority
    if len(np.unique(p)) <= len(np.unique(t)):
        assert strict == hybrid


@some
@given(two=many(draw_n=9, k=3))
def test_rules_as_by_trying_every_matching(two):
    """The most that any matching has right; of those the most with surplus clusters."""
    from itertools import permutations

    t, p = two
    counts = contingency(p, t).counts
    k, c = counts.shape
    best = (-1, -1)
    for chosen in permutations(range(max(k, c)), c):
        of = [row if row < k else -1 for row in chosen]
        hits = sum(counts[row, j] for j, row in enumerate(of) if row >= 0)
        left = sum(counts[:, j].max() for j, row in enumerate(of) if row < 0)
        best = max(best, (hits, left))

    assert value("acc_one_to_one", p, t) == pytest.approx(best[0] / len(t))
    assert value("acc_hybrid", p, t) == pytest.approx(sum(best) / len(t))


def test_a_tie_between_matchings_is_decided():
    """Columns (2, 1), (3, 0), (0, 1): 6/7 in every order of the clusters."""
    from itertools import permutations

    labels = np.array([0, 0, 1, 0, 0, 0, 1])
    clusters = np.array([0, 0, 0, 1, 1, 1, 2])
    found = {
        value("acc_hybrid", np.array(o)[clusters], labels)
        for o in permutations(range(3))
    }

    assert found == {6 / 7}


def test_recalls_of_a_matching():
    """By class; 0 where no cluster stands for one; their mean is not the accuracy."""
    labels = np.array([0] * 6 + [1] * 2 + [2] * 2)
    clusters = np.array([0] * 5 + [1] + [1] * 2 + [0] * 2)

    assert recall_by_class(clusters, labels).tolist() == [5 / 6, 1.0, 0.0]
    assert value("acc_hybrid", clusters, labels) == 0.7
    assert (
        matched(clusters, labels, rule=Rule.MAJORITY).tolist()
        == [0] * 5 + [1] * 3 + [0] * 2
    )


@pytest.mark.parametrize(
    ("k", "each", "c", "nmi", "strict", "hybrid", "majority"),
    [
        (10, 10, 10, 0.212, 0.249, 0.249, 0.260),
        (10, 100, 10, 0.0177, 0.1435, 0.1435, 0.1478),
        (10, 1000, 10, 0.0017, 0.1131, 0.1131, 0.1145),
        (10, 1000, 100, 0.0129, 0.0187, 0.1502, 0.1502),
        (10, 1000, 1000, 0.1138, 0.0054, 0.2730, 0.2730),
        (100, 50, 100, 0.2153, 0.0555, 0.0555, 0.0581),
        (100, 50, 1000, 0.5128, 0.0346, 0.2212, 0.2215),
    ],
)
def test_chance_levels(k, each, c, nmi, strict, hybrid, majority):
    """Of uniform random clusters of equal classes, as means over draws have them."""
    labels = np.repeat(np.arange(k), each)
    random = np.random.default_rng(0).integers(0, c, len(labels))
    found = {name: BY_NAME[name].chance(random, labels) for name in AGAINST_LABELS}
    published = dict(
        zip(("nmi_arithmetic", *ACCS), (nmi, strict, hybrid, majority), strict=True)
    )

    for name, number in published.items():
        assert found[name] == pytest.approx(number, rel=0.03, abs=0.003), name
    assert found["ami"] == found["ari"] == 0


@pytest.mark.parametrize("name", AGAINST_LABELS)
def test_chance_is_the_mean_over_permutations(name):
    """By the same measure, on clusters that other images have."""
    t, p = partition("skew")
    t, p = t[:120], p[:120]
    rng = np.random.default_rng(7)
    drawn = [value(name, rng.permutation(p), t) for _ in range(300)]
    slack = 4 * np.std(drawn) / np.sqrt(20)

    assert BY_NAME[name].chance(p, t) == pytest.approx(np.mean(drawn), abs=slack)


@pytest.mark.parametrize("name", AGAINST_LABELS)
def test_intervals_are_as_wide_as_a_bootstrap_says(name):
    """Within a third, on 1,000 images; and around the value."""
    t, p = partition("over" if name != "acc_one_to_one" else "noisy")
    low, high = BY_NAME[name].interval(p, t)
    rng = np.random.default_rng(3)
    drawn = [
        value(name, p[rows], t[rows])
        for rows in (rng.integers(0, len(t), len(t)) for _ in range(100))
    ]

    assert low <= value(name, p, t) <= high
    assert (high - low) / 2 / 1.96 == pytest.approx(np.std(drawn), rel=0.34)


@pytest.mark.parametrize("name", AGAINST_LABELS)
@pytest.mark.parametrize("case", EDGES)
def test_every_edge_has_an_interval_and_a_level_of_chance(name, case):
    """Also where an entropy is 0; else its outcome would be reported as none."""
    classes, clusters, _ = EDGES[case]
    if len(classes) > 1:
        low, high = BY_NAME[name].interval(clusters, classes)
        assert low <= value(name, clusters, classes) + 1e-12
        assert value(name, clusters, classes) <= high + 1e-12
    assert -1e-12 <= BY_NAME[name].chance(clusters, classes) <= 1


@some
@given(
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=4), seed=st.integers(0, 99)
)
def test_expected_information_by_exact_sums(sizes, seed):
    """With rational hypergeometric weights."""
    from fractions import Fraction
    from math import comb, log

    n = sum(sizes)
    others = np.unique(
        np.random.default_rng(seed).integers(0, 3, n), return_counts=True
    )[1]
    total = 0.0
    for a in sizes:
        for b in others.tolist():
            for m in range(max(1, a + b - n), min(a, b) + 1):
                weight = Fraction(comb(b, m) * comb(n - b, a - m), comb(n, a))
                total += float(weight) * m / n * log(n * m / (a * b))

    assert expected_of_sizes(np.array(sizes), others) == pytest.approx(total, abs=1e-12)


def test_no_image_is_no_perfect_score():
    """scikit-learn gives 1; nothing was compared."""
    empty = np.zeros(0, dtype=np.int64)
    for name in AGAINST_LABELS:
        with pytest.raises(ValueError, match="`predicted` must have shape"):
            value(name, empty, empty)


# --- predictions of published models --------------------------------------------------

PUBLISHED = {
    "alexnet_tf_ben": (0.667695768438, 0.667108982983, 0.651076202177, 0.8198),
    "random_features_32k_no_aug": (
        *(0.681498670202, 0.680936254954, 0.673856070569, 0.8331),
    ),
    "resnet_basic_56": (0.850706232960, 0.850442638468, 0.858956248822, 0.9330),
    "wrn_28_10": (0.904050392673, 0.903880983872, 0.912725154154, 0.9593),
    "shake_shake_26_2x64d_SSI_cutout16": (
        *(0.930206075064, 0.930082845848, 0.937482647838, 0.9711),
    ),
}
FOUR = ("nmi_arithmetic", "ami", "ari", "acc_one_to_one")


@pytest.fixture(scope="module")
def published(data_root):
    """By name, what models predicted on CIFAR-10; and the labels."""
    path = data_root / "published-predictions" / "cifar10_test.npz"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    with np.load(path, allow_pickle=False) as file:
        names = [str(name) for name in file["models"]]
        predicted = file["predictions"].astype(np.int64)
        return dict(zip(names, predicted, strict=True)), file["labels"]


@pytest.mark.real
@pytest.mark.parametrize("model", PUBLISHED)
def test_published_predictions(published, model):
    predicted, labels = published
    found = [value(name, predicted[model], labels) for name in FOUR]

    assert found == pytest.approx(PUBLISHED[model], abs=1e-11)
    assert np.array_equal(
        matched(predicted[model], labels, rule=Rule.ONE_TO_ONE), predicted[model]
    )


@pytest.mark.real
def test_published_recalls(published):
    predicted, labels = published
    found = recall_by_class(predicted["alexnet_tf_ben"], labels)
    expected = [0.843, 0.906, 0.758, 0.644, 0.822, 0.747, 0.870, 0.867, 0.886, 0.855]

    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.real
def test_two_models_as_partitions_of_each_other_and_together(published):
    predicted, labels = published
    one, other = (list(predicted.values())[row] for row in (0, 14))
    expected = (0.676520830825, 0.675949619631, 0.662524593920)
    assert [value(name, one, other) for name in FOUR[:3]] == pytest.approx(
        expected, abs=1e-11
    )
    both = 10 * predicted["alexnet_tf_ben"] + predicted["random_features_32k_no_aug"]
    assert [value(name, both, labels) for name in (*FOUR, *ACCS[1:])] == pytest.approx(
        (0.659967373812, 0.653907696683, 0.665032935882, 0.7469, 0.8430, 0.8430),
        abs=1e-11,
    )

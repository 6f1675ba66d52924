"""Detection: against scikit-learn, plain loops, and the published conventions."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from harness.arrays import softmax
from harness.metrics.robustness.detection import Score, detection, outside_scores

some = settings(max_examples=50, deadline=None)
seeds = pytest.mark.parametrize("seed", range(4))
scores = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=12).map(np.array)


def sides(seed, m=60, n=300, decimals=1):
    """Scores with ties."""
    rng = np.random.default_rng(seed)
    return rng.normal(0.7, 1, m).round(decimals), rng.normal(0, 1, n).round(decimals)


def values(outside, inside):
    return {k: v.value for k, v in detection(outside, inside).numbers.items()}


def closest(outside, inside, level=0.95):
    """The published rule: from the lowest threshold of full recall up, the closest."""
    places = sorted(set(outside) | set(inside))
    recalls = [(outside >= t).mean() for t in places]
    first_full = max(i for i, r in enumerate(recalls) if r == 1)
    best = min(range(first_full, len(places)), key=lambda i: abs(recalls[i] - level))
    return (inside >= places[best]).mean()


@seeds
def test_areas_as_in_scikit_learn(seed):
    """Average precision is no trapezoid, and both are published."""
    outside, inside = sides(seed)
    truth = np.repeat([1, 0], [len(outside), len(inside)])
    both = np.concatenate([outside, inside])
    precision, recall, _ = reference.precision_recall_curve(truth, both)
    found = values(outside, inside)

    assert found["aupr_average_precision"] == pytest.approx(
        reference.average_precision_score(truth, both), abs=1e-12
    )
    assert found["aupr_trapezoid"] == pytest.approx(
        reference.auc(recall, precision), abs=1e-12
    )
    assert found["auroc"] == pytest.approx(
        reference.roc_auc_score(truth, both), abs=1e-12
    )
    assert found["aupr_average_precision"] != found["aupr_trapezoid"]


@seeds
def test_false_alarms_by_either_convention(seed):
    """Closest to 95 % recall, which may be below it; and the first at least there."""
    outside, inside = sides(seed, m=57)
    truth = np.repeat([1, 0], [len(outside), len(inside)])
    rates, recalls, _ = reference.roc_curve(
        truth, np.concatenate([outside, inside]), drop_intermediate=False
    )
    found = values(outside, inside)

    assert found["fpr95_first"] == pytest.approx(rates[np.argmax(recalls >= 0.95)])
    assert found["fpr95_closest"] == pytest.approx(closest(outside, inside))


def test_the_two_conventions_differ():
    """At 95 of 100 the one takes the highest threshold, the other the lowest."""
    outside = np.append(np.linspace(2, 3, 95), np.linspace(-0.5, -0.1, 5))
    found = values(outside, np.array([1.0, -1.0]))
    assert (found["fpr95_closest"], found["fpr95_first"]) == (0.5, 0.0)
    # 18 of 19 is closer to 95 % than 19 of 19, and not enough for the other.
    outside = np.append(np.linspace(2, 3, 18), 0.0)
    found = values(outside, np.array([1.0, 1.0, 0.0, -1.0]))
    assert (found["fpr95_closest"], found["fpr95_first"]) == (0.5, 0.75)


@some
@given(outside=scores, inside=scores)
def test_any_scores_as_in_plain_loops(outside, inside):
    """Ties, single images and all on one side."""
    found = values(outside, inside)
    pairs = outside[:, None] - inside
    thresholds = sorted(set(outside) | set(inside), reverse=True)
    enough = next(t for t in thresholds if (outside >= t).mean() >= 0.95)

    assert found["auroc"] == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean())
    assert found["fpr95_first"] == pytest.approx((inside >= enough).mean())
    assert found["fpr95_closest"] == pytest.approx(closest(outside, inside))
    for one in detection(outside, inside).numbers.values():
        assert 0 <= one.low <= one.value <= one.high <= 1


def test_chance_is_the_share_outside():
    """16.67 % of ImageNet-O and its 10,000; of equal sizes another number."""
    rng = np.random.default_rng(0)
    found = detection(rng.random(2000), rng.random(10_000)).numbers

    for name in ("aupr_average_precision", "aupr_trapezoid"):
        assert found[name].chance == pytest.approx(1 / 6)
        assert found[name].low <= 1 / 6 <= found[name].high
    assert found["auroc"].chance == 0.5
    assert found["fpr95_first"].chance == 0.95
    assert found["fpr95_first"].value == pytest.approx(0.95, abs=0.02)
    equal = detection(rng.random(50), rng.random(50)).numbers
    assert equal["aupr_average_precision"].chance == 0.5


def test_the_outside_is_what_is_found():
    """With the images inside as positives it would be another number."""
    outside, inside = sides(0)
    other = reference.average_precision_score(
        np.repeat([0, 1], [len(outside), len(inside)]),
        -np.concatenate([outside, inside]),
    )

    assert values(outside, inside)["aupr_average_precision"] < 0.6 < other


@pytest.mark.slow
def test_intervals_are_those_of_other_images():
    """Half widths within a third of two deviations over sets drawn anew."""
    rng = np.random.default_rng(0)
    drawn = [sides(rng.integers(2**31), 200, 800, 9) for _ in range(150)]
    found = [values(*one) for one in drawn]
    numbers = detection(*drawn[0]).numbers

    for name in ("aupr_average_precision", "aupr_trapezoid", "auroc"):
        deviation = np.std([one[name] for one in found], ddof=1)
        half = (numbers[name].high - numbers[name].low) / 2
        assert half == pytest.approx(1.96 * deviation, rel=0.35)


def test_ties_are_told():
    """Half-precision sigmoids are 1 for many images; our scores part them."""
    logits = np.random.default_rng(0).normal(9, 4, (400, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflow of a half-precision exponential
        half = 1 / (1 + np.exp(-logits.max(axis=1).astype(np.float16)))
    rounded = detection(-half[:200].astype(float), -half[200:].astype(float))
    ours = outside_scores(logits, "sigmoid")

    assert rounded.tied > 0.5
    assert f"{100 * rounded.tied:.1f} % of the scores are tied" in rounded.note
    assert detection(ours[:200], ours[200:]).tied == 0
    assert detection(ours[:200], ours[200:]).note == ""


# --- scores ---------------------------------------------------------------------------


def world(seed=0, n=40, k=6):
    return np.random.default_rng(seed).normal(0, 3, (n, k))


def test_scores_rank_as_their_probabilities_do():
    logits = world()
    sigmoid = 1 / (1 + np.exp(-logits))
    expected = {
        "softmax": -softmax(logits).max(axis=1),
        "max_logit": -logits.max(axis=1),
        "sigmoid": -sigmoid.max(axis=1),
        "energy": -np.log(np.exp(logits).sum(axis=1)),
    }
    for score in Score:
        found = outside_scores(logits, score)
        assert (np.argsort(found) == np.argsort(expected[score])).all()


def test_sigmoid_ranks_as_the_largest_logit_and_softmax_does_not():
    logits = world() + np.random.default_rng(1).normal(0, 3, (40, 1))
    order = {s: np.argsort(outside_scores(logits, s)).tolist() for s in Score}

    assert order["sigmoid"] == order["max_logit"]
    assert order["softmax"] != order["max_logit"]


def test_the_mask_comes_before_the_softmax():
    """Masked logits are renormalised; probabilities that are cut are not."""
    logits, kept = world(), [0, 2, 5]
    masked = np.exp(-outside_scores(logits, "softmax", classes=kept))
    cut = softmax(logits)[:, kept].max(axis=1)

    assert masked == pytest.approx(softmax(logits[:, kept]).max(axis=1))
    assert (masked > cut).all()
    assert outside_scores(logits, "sigmoid", classes=kept) == pytest.approx(
        outside_scores(logits[:, kept], "sigmoid")
    )


def test_scores_of_sure_networks_are_not_tied():
    """A probability of 1 - 1e-30 is 1 in float64; its logarithm is not 0."""
    logits = np.array([[70.0, 0.0], [80.0, 0.0]])
    assert softmax(logits)[0].max() == 1.0
    for score in Score:
        found = outside_scores(logits, score)
        assert found[0] > found[1]


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ([0], ValueError, "`classes` must be at least two, each once"),
        ([0, 0], ValueError, "`classes` must be at least two, each once"),
        ([0, 6], ValueError, r"`classes` must be in 0..5, got 0..6"),
        ([True, False], TypeError, "`classes` must be numbers of classes"),
        ([0.0, 1.0], TypeError, "`classes` must be numbers of classes"),
    ],
)
def test_bad_masks_are_refused(classes, error, message):
    with pytest.raises(error, match=message):
        outside_scores(world(), "softmax", classes=classes)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="`score` must be one of softmax, max_logit"):
        outside_scores(world(), "odin")
    with pytest.raises(ValueError, match="`logits` must be logits, got probabilities"):
        outside_scores(softmax(world()), "softmax")
    with pytest.raises(TypeError, match="`inside` must be a numpy array, got list"):
        detection(np.zeros(2), [0.0])
    with pytest.raises(ValueError, match="`outside` must be finite scores"):
        detection(np.array([np.nan]), np.zeros(2))

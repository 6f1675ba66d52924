"""Forecasts without an interior, and from arrays."""

import numpy as np
import pytest

import harness
from harness import Labelled, predict_accuracy
from harness.analysis.correlation import Undefined, correlate
from harness.analysis.fits.lines import Unfit
from harness.analysis.forecasts.direct import PREFERRED, Direct, direct
from harness.analysis.forecasts.forecaster import fit_forecaster
from harness.analysis.forecasts.widths import unit
from harness.analysis.targets import predict_targets
from harness.measurement import Domain, Measurement
from harness.metrics import METRICS
from harness.metrics.label_free.atc import atc_mc
from harness.metrics.label_free.cot import cott
from harness.metrics.spec import Input

CLASSES = 4
KINDS = ("blur", "fog", "noise", "invert")


def answers(noise, seed, *, images=150):
    """Logits of a network that sees the class through noise, and the labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, size=images)
    logits = 4 * np.eye(CLASSES)[labels] + rng.normal(0, noise, (images, CLASSES))
    return logits, labels


def interior(sets=12):
    return [
        Labelled(logits=logits, labels=labels, kinds=(KINDS[i % 4],))
        for i in range(sets)
        for logits, labels in [answers(1.5 + 0.2 * i, 100 + i)]
    ]


@pytest.mark.parametrize(("seed", "noise"), [(0, 1.6), (1, 3.2)])
def test_arrays_are_forecast_as_a_run_is(seed, noise):
    """The command and the function are one: the same estimates, the same fit."""
    target, _ = answers(noise, seed)
    source, labels = answers(1.5, 50)
    sets = interior()
    found = predict_accuracy(target, source, labels, interior=sets)

    names = tuple(found.raw)
    by_name = {m.name: m for m in METRICS}

    def values(logits):
        of = {
            Input.LOGITS: logits,
            Input.SOURCE_LOGITS: source,
            Input.SOURCE_LABELS: labels,
        }
        return [by_name[n].fn(*map(of.get, by_name[n].inputs)) for n in names]

    fit = fit_forecaster(
        [values(one.logits) for one in sets],
        [np.mean(one.logits.argmax(axis=1) == one.labels) for one in sets],
        [len(one.labels) for one in sets],
        [one.traits for one in sets],
        source=values(source),
        source_accuracy=np.mean(source.argmax(axis=1) == labels),
        source_images=len(labels),
    )
    rng = np.random.default_rng(0)
    drawn = [source[rng.integers(len(source), size=150)] for _ in range(40)]
    (said,) = fit.predictions(
        [values(target)],
        images=[len(target)],
        healthy=np.mean([values(one) for one in drawn], axis=0),
    )
    assert (found.accuracy, found.low, found.high) == pytest.approx(
        (said.accuracy, said.low, said.high)
    )
    assert {"cott", "cot", "atc_mc", "atc_ne", "average_confidence"} < set(names)
    assert found.weaker == ""


def test_without_an_interior_an_estimate_is_taken_as_it_is():
    target, truth = answers(2.2, 1)
    source, labels = answers(1.5, 2)

    found = predict_accuracy(target, source, labels)

    assert found.accuracy == found.raw["cott"] == cott(target, source, labels)
    known = np.mean(source.argmax(axis=1) == labels)
    half = 6.1 * unit(found.accuracy, 150, known, 150)
    assert found.low == pytest.approx(max(found.accuracy - half, 0))
    assert found.low <= np.mean(target.argmax(axis=1) == truth) <= found.high
    assert found.inside is None
    assert "cott is taken as it is" in found.weaker


def test_an_interior_holds_the_truth_too():
    target, truth = answers(2.2, 1)
    source, labels = answers(1.5, 2)
    found = predict_accuracy(target, source, labels, interior=interior())
    assert found.low <= np.mean(target.argmax(axis=1) == truth) <= found.high
    assert found.inside


def test_nothing_like_it_is_said():
    target, _ = answers(30.0, 1)
    source, labels = answers(1.5, 2)
    found = predict_accuracy(target, source, labels, interior=interior(6))
    assert not found.inside
    assert found.beyond[0].far


def test_they_are_trusted_as_the_command_does():
    """Few kinds, classes unlike the source's, no interior: each is said."""
    source, labels = answers(1.5, 2)
    good, _ = answers(1.6, 1)
    one_class = answers(1.6, 1)[0] / 2  # less sure, so that it is not shares alone
    one_class[:, 0] += 3.0
    few = predict_accuracy(good, source, labels, interior=interior())
    unlike = predict_accuracy(one_class, source, labels, interior=interior())

    assert (few.trust, few.weaker) == ("trust it with care", "")
    assert "the fit has seen 4 kinds of shift alone" in few.reasons
    assert unlike.trust == "do not trust it"
    assert any("unlike the source's (by 0." in reason for reason in unlike.reasons)
    alone = predict_accuracy(good, source, labels)
    assert alone.trust == "trust it with care"
    many = [
        Labelled(logits=logits, labels=seen, kinds=(f"k{i % 10}",))
        for i in range(20)
        for logits, seen in [answers(1.5 + 0.05 * i, 100 + i)]
    ]
    sure = predict_accuracy(good, source, labels, interior=many)
    assert sure.trust == "trust it"
    assert sure.reasons[-1].endswith(
        "of a kind unlike all of these nothing is promised"
    )


def test_a_higher_level_is_wider_whatever_the_number_of_kinds():
    """Beyond the largest error that was seen too."""
    source, labels = answers(1.5, 2)
    target, _ = answers(2.6, 1)
    widths = [
        found.high - found.low
        for level in (0.8, 0.95, 0.99)
        for found in [
            predict_accuracy(target, source, labels, interior=interior(), level=level)
        ]
    ]

    assert widths == sorted(widths)
    assert len(set(widths)) == 3


def test_the_interval_is_wider_than_that_of_a_bootstrap():
    """ATC resampled over source and target images, where nothing fell."""
    rng = np.random.default_rng(0)
    source, labels = answers(1.5, 2, images=2000)
    target, _ = answers(1.5, 3, images=1000)
    found = []
    for _ in range(300):
        s, t = rng.integers(0, 2000, 2000), rng.integers(0, 1000, 1000)
        found.append(atc_mc(target[t], source[s], labels[s]))
    known = np.mean(source.argmax(axis=1) == labels)
    (said,) = direct("atc_mc", source_accuracy=known, source_images=2000).predictions(
        [[known]], images=[1000]
    )
    assert said.low < np.quantile(found, 0.025) < np.quantile(found, 0.975) < said.high


def test_tensors_and_small_floats_are_taken():
    torch = pytest.importorskip("torch")
    target, _ = answers(2.0, 1)
    source, labels = answers(1.5, 2)
    found = predict_accuracy(
        torch.tensor(target), torch.tensor(source), torch.tensor(labels)
    )
    assert found == predict_accuracy(target, source, labels)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target_logits": np.ones((3, 5))}, "must have the 5 columns"),
        ({"source_labels": np.array([0, 9])}, "source_labels"),
        ({"target_logits": np.full((3, 4), np.nan)}, "target_logits"),
        ({"level": 1.0}, "`level` must be between 0 and 1"),
        (
            {"interior": [Labelled(logits=np.ones((2, 3)), labels=[0, 1], kinds=())]},
            "set 0 of `interior`",
        ),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    source, labels = answers(1.5, 2)
    given_ = {
        "target_logits": source,
        "source_logits": source,
        "source_labels": labels,
    }
    given_.update(changes)
    with pytest.raises(ValueError, match=message):
        predict_accuracy(**given_)


def test_an_interior_of_one_kind_is_refused():
    source, labels = answers(1.5, 2)
    sets = [
        Labelled(logits=one.logits, labels=one.labels, kinds=("fog",))
        for one in interior()
    ]
    with pytest.raises(Unfit, match="at least 3 kinds"):
        predict_accuracy(source, source, labels, interior=sets)


def test_preferred_estimates_exist():
    assert set(PREFERRED) <= {m.name for m in METRICS if m.kind == "estimate"}


def test_the_library_says_what_it_has():
    assert "predict_accuracy" in dir(harness)
    with pytest.raises(AttributeError, match="no attribute 'predict_acuracy'"):
        _ = harness.predict_acuracy


def rows(*, estimate=True):
    def row(metric, name, domain, value, accuracy, traits):
        return Measurement(
            metric=metric,
            model="linear",
            dataset=name,
            family=name,
            domain=domain,
            value=value,
            accuracy=accuracy,
            images=500,
            seconds=0,
            key="",
            estimate=estimate,
            traits=traits,
        )

    return [
        made
        for metric, shift in (("atc_mc", -0.1), ("cott", 0.0))
        for made in (
            row(metric, "test", Domain.INTERIOR, 0.9, 0.9, {"split": "test"}),
            row(metric, "out", Domain.EXTERIOR, 0.6 + shift, 0.62, {}),
            row(metric, "cam", Domain.TARGET, 0.7 + shift, None, {}),
        )
    ]


def test_a_run_on_the_test_split_alone_predicts_too():
    found = [p for p in predict_targets(correlate(rows())) if p.predictor.is_combined]

    (one,) = found
    assert one.predictor.plane == direct("cott", source_accuracy=0.9, source_images=500)
    assert one.prediction.accuracy == 0.7
    assert one.predictor.exterior.covered == 1
    assert isinstance(one.predictor.record, Undefined)
    assert one.predictor.name == "cott as it is"
    assert isinstance(one.predictor.plane, Direct)


def test_scores_alone_predict_nothing_without_an_interior():
    found = predict_targets(correlate(rows(estimate=False)))
    assert not any(p.predictor.is_combined for p in found)
    assert all(isinstance(p.prediction, Undefined) for p in found)
